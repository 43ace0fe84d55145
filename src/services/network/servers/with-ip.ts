import type { Db } from '../../../db/database.ts'
import { addressesOfServers } from './store.ts'

/**
 * Ids of servers with an address that matches. The pattern is a small part of regular expressions (digits, dots, colons,
 * `^`, `$`, `.*`, `[0-9]`): with more, one request could keep the process busy for hours. Anything else matches nothing.
 */
export async function serversWithIp(db: Db, projectId: string | null, pattern: string): Promise<string[]> {
  if (pattern.length > 100 || !/^\^?(?:[0-9a-fA-F:]|\\?\.\*?|\[[0-9a-fA-F-]{1,20}\])*\$?$/.test(pattern)) return []
  if ((pattern.match(/\*/g) ?? []).length > 4) return []
  let expression: RegExp
  try {
    expression = new RegExp(pattern, 'i')
  } catch {
    return []
  }
  const rows = await addressesOfServers(db, projectId)
  return [...new Set(rows.filter((row) => expression.test(row.ip)).map((row) => row.serverId))]
}
