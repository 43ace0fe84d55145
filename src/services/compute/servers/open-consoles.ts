// The connections that are open in this process, by server, so that stopping or deleting it ends them.
import type { Tx } from '../../../db/database.ts'

const open = new Map<string, Set<() => void>>()

/** How many viewers one server may have at a time. */
export const mostViewers = 16

/** Remembers how to end a connection; gives a function that forgets it, or null when the server has enough of them. */
export function noteConsole(serverId: string, close: () => void): (() => void) | null {
  const mine = open.get(serverId) ?? new Set()
  if (mine.size >= mostViewers) return null
  open.set(serverId, mine.add(close))
  return () => {
    mine.delete(close)
    if (!mine.size && open.get(serverId) === mine) open.delete(serverId)
  }
}

function closeConsoles(serverId: string): void {
  for (const close of [...(open.get(serverId) ?? [])]) close()
}

/** Makes the tokens of a server worthless and ends its connections when the transaction has committed. */
export async function revokeConsoles(tx: Tx, serverId: string): Promise<void> {
  await tx.db.deleteFrom('compute_console_tokens').where('server_id', '=', serverId).execute()
  tx.afterCommit(() => closeConsoles(serverId))
}
