// Hashes of passwords are scarce: whoever asks for them waits for the own turn, and too many of one client are sent away.

import type { BaseContext, Operation } from '../../api/operation.ts'
import { lineOf } from '../../auth/turns.ts'
import { clientAddress } from '../../http/forwarded.ts'
import { asClient } from '../../threads.ts'

/** Calls the handler. Operations that may hash are those without a transaction: a hash never waits in one. */
export function performInTurn(context: BaseContext, { transaction, handle }: Operation): Promise<unknown> {
  if (transaction !== 'none') return handle(context as never)
  return asClient(lineOf(clientAddress(context.request)), () => handle(context as never))
}
