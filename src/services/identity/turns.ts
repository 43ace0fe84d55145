// Hashes of passwords are scarce: whoever asks for them waits for the own turn, and too many of one client are sent away.

import { Fault } from '../../api/faults.ts'
import type { Operation } from '../../api/operation.ts'
import { asClient } from '../../auth/passwords.ts'
import { TooManyWaiting } from '../../auth/turns.ts'
import { clientAddress } from '../../http/forwarded.ts'

/** Operations that may hash are those without a transaction: a hash never waits in one. */
export const withTurns = (operations: Operation[]): Operation[] =>
  operations.map((operation) =>
    operation.transaction === 'none'
      ? { ...operation, handle: (context) => asClient(clientAddress(context.request), () => inTurn(operation.handle(context))) }
      : operation,
  )

async function inTurn(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof TooManyWaiting)) throw error
    throw new Fault(error.ofClient ? 429 : 503, 'Too many logins and passwords are waiting to be checked. Try again later.', {
      headers: { 'retry-after': '1' },
    })
  }
}
