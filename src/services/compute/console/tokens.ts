// Tokens of consoles: random, short-lived, good for the screen of one server; only their hash is kept. A viewer that is loaded
// again comes with the same one, so a token holds until it expires, or its server stops or goes.
import { createHash } from 'node:crypto'
import { findScope } from '../../../auth/store.ts'
import type { TokenContent } from '../../../auth/tokens.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import type { Given, Tables } from '../../../db/tables.ts'
import { findServer } from '../servers/store.ts'

declare module '../../../db/tables.ts' {
  interface Narrow {
    compute_console_tokens: {
      /** The API token that it was asked for with. */
      asked_with: Given<TokenContent>
      /** Milliseconds since the epoch. */
      expires_at: number
    }
  }
}

/** The rule of whoever asks for a console, and of whoever looks at one. */
export const consoleRule = 'os_compute_api:os-remote-consoles'
const lifetimeMs = 600_000
const hash = (token: string) => createHash('sha256').update(token).digest('hex')

/** A token with which that user may see the server's screen, as long as the API token `askedWith` would give the right. */
export async function issueConsoleToken(
  { environment }: Cloud,
  { db }: Tx,
  serverId: string,
  userId: string,
  askedWith: TokenContent,
): Promise<string> {
  const token = environment.random.bytes(24).toString('base64url')
  const now = environment.clock.now()
  await db.deleteFrom('compute_console_tokens').where('expires_at', '<', now).execute()
  await db
    .insertInto('compute_console_tokens')
    .values({ token_hash: hash(token), server_id: serverId, user_id: userId, asked_with: askedWith, expires_at: now + lifetimeMs })
    .execute()
  return token
}

export interface ConsoleGrant {
  serverId: string
  userId: string
  host: string
  /** Whether who asked for it may see the screen still: a connection that is open outlives the token, but not the right. */
  holds(): Promise<boolean>
}

/** True while the token with which the console was asked for counts, but for its expiry, and may see this server's screen. */
async function mayView(
  { database, tokens, policies }: Cloud,
  { server_id, asked_with }: Tables['compute_console_tokens'],
): Promise<boolean> {
  const db = database.read
  const server = await findServer(db, server_id, null)
  const who = await tokens.resolve(db, asked_with)
  if (!server || !who || !(await findScope(db, server.project_id))) return false
  const { project_id, user_id } = server
  return policies.get('compute')!.allows(consoleRule, who.credentials, { project_id, user_id })
}

/** What a token is good for at this moment, or why for nothing, in a sentence that tells strangers no more than they know. */
export async function consoleGrant(cloud: Cloud, token: string): Promise<ConsoleGrant | string> {
  const db = cloud.database.read
  if (!token) return 'The address has no console token.'
  const row = await db.selectFrom('compute_console_tokens').selectAll().where('token_hash', '=', hash(token)).executeTakeFirst()
  if (!row) return 'The console token is unknown: it has expired, or its server was stopped or deleted. Ask for a new one.'
  if (row.expires_at < cloud.environment.clock.now()) return 'The console token has expired. Ask for a new one.'
  const server = await findServer(db, row.server_id, null)
  if (!server?.host || server.vm_state !== 'active') return 'The server is not running.'
  const holds = () => mayView(cloud, row)
  if (!(await holds())) {
    return 'Who asked for the console may no longer see it: the user or project is no longer enabled, or a right was taken away.'
  }
  return { serverId: server.id, userId: row.user_id, host: server.host, holds }
}
