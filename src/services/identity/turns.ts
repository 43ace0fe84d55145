// Hashes of passwords are scarce: whoever asks for them waits for the own turn, and too many of one client are sent away.

import type { Operation } from '../../api/operation.ts'
import { lineOf } from '../../auth/turns.ts'
import { clientAddress } from '../../http/forwarded.ts'
import { asClient } from '../../threads.ts'

/** Operations that may hash are those without a transaction: a hash never waits in one. */
export const withTurns = (operations: Operation[]): Operation[] =>
  operations.map((operation) =>
    operation.transaction === 'none'
      ? { ...operation, handle: (context) => asClient(lineOf(clientAddress(context.request)), () => operation.handle(context)) }
      : operation,
  )
