// The connections that are open in this process, by server, so that stopping or deleting it ends them.
const open = new Map<string, Set<() => void>>()

/** Remembers how to end a connection; gives a function that forgets it. */
export function noteConsole(serverId: string, close: () => void): () => void {
  const mine = open.get(serverId) ?? new Set()
  open.set(serverId, mine.add(close))
  return () => {
    mine.delete(close)
    if (!mine.size) open.delete(serverId)
  }
}

export function closeConsoles(serverId: string): void {
  for (const close of open.get(serverId) ?? []) close()
}
