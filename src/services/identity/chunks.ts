/** Lists of ids in parts that one query takes on both databases. */
export function inChunks<T>(ids: readonly T[], size = 1000): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < ids.length; at += size) parts.push(ids.slice(at, at + size))
  return parts
}
