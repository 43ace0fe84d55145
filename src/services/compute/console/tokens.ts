// Tokens of consoles: random, short-lived, good for one connection to one server; only their hash is kept.
import { createHash } from 'node:crypto'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { closeConsoles } from './open-consoles.ts'

export interface ConsoleTokenRow {
  token_hash: string
  server_id: string
  user_id: string
  /** Milliseconds since the epoch. */
  expires_at: number
}

declare module '../../../db/tables.ts' {
  interface Tables {
    compute_console_tokens: ConsoleTokenRow
  }
}

const lifetimeMs = 600_000
const hash = (token: string) => createHash('sha256').update(token).digest('hex')

/** A token for one connection of that user to the server's screen. */
export async function issueConsoleToken({ environment }: Cloud, { db }: Tx, serverId: string, userId: string): Promise<string> {
  const token = environment.random.bytes(24).toString('base64url')
  const now = environment.clock.now()
  await db.deleteFrom('compute_console_tokens').where('expires_at', '<', now).execute()
  await db
    .insertInto('compute_console_tokens')
    .values({ token_hash: hash(token), server_id: serverId, user_id: userId, expires_at: now + lifetimeMs })
    .execute()
  return token
}

/** Uses the token up; null when it is unknown, used, revoked or too old. */
export async function redeemConsoleToken(cloud: Cloud, token: string): Promise<{ serverId: string; userId: string } | null> {
  const token_hash = hash(token)
  return cloud.database.write(async ({ db }) => {
    const row = await db.selectFrom('compute_console_tokens').selectAll().where('token_hash', '=', token_hash).executeTakeFirst()
    if (!row) return null
    // Two connections may come at once: the one that deletes the row has the token.
    const used = await db.deleteFrom('compute_console_tokens').where('token_hash', '=', token_hash).executeTakeFirst()
    if (used.numDeletedRows !== 1n || row.expires_at < cloud.environment.clock.now()) return null
    return { serverId: row.server_id, userId: row.user_id }
  })
}

/** Makes the tokens of a server worthless and ends its connections when the transaction has committed. */
export async function revokeConsoles(tx: Tx, serverId: string): Promise<void> {
  await tx.db.deleteFrom('compute_console_tokens').where('server_id', '=', serverId).execute()
  tx.afterCommit(() => closeConsoles(serverId))
}
