// After new keys of secrets: every secret in the database is put under the primary one, so that the former can be dropped.
import { sql } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import { fernetDecrypt, fernetEncrypt } from './fernet.ts'
import type { KeyRepository } from './keys.ts'

/** Every column that holds a secret under a key of credentials. */
export const secretColumns: readonly [table: string, column: string][] = [
  ['identity_credentials', 'encrypted_blob'],
  ['identity_consumers', 'encrypted_secret'],
  ['identity_request_tokens', 'encrypted_secret'],
  ['identity_access_tokens', 'encrypted_secret'],
  ['identity_party_keys', 'encrypted_key'],
  ['identity_domain_options', 'encrypted_value'],
]

const pageSize = 200

/**
 * Puts what is under another key under the primary one; gives how many secrets that were. Rows are found again by the text itself, which
 * is never the same twice: what changes meanwhile is left as it became. May be stopped at any point and run again.
 */
export async function reencrypt({
  database,
  environment,
  keys,
}: {
  database: Database
  environment: Environment
  keys: KeyRepository
}): Promise<number> {
  const all = keys.keys()
  const primary = all[0]!
  let changed = 0
  for (const [table, column] of secretColumns) {
    let after = ''
    for (;;) {
      const { rows } = await sql<{ text: string }>`select ${sql.ref(column)} as text from ${sql.table(table)}
        where ${sql.ref(column)} > ${after} order by ${sql.ref(column)} limit ${pageSize}`.execute(database.read)
      for (const { text } of rows) {
        if (fernetDecrypt([primary], text, Number.POSITIVE_INFINITY)) continue
        const opened = fernetDecrypt(all, text, Number.POSITIVE_INFINITY)
        if (!opened) throw new Error(`a secret in ${table} is under none of the keys`)
        const seconds = Math.floor(environment.clock.now() / 1000)
        const next = fernetEncrypt(primary, opened.payload, seconds, environment.random.bytes(16))
        await database.write(({ db }) =>
          sql`update ${sql.table(table)} set ${sql.ref(column)} = ${next} where ${sql.ref(column)} = ${text}`.execute(db),
        )
        changed++
      }
      if (rows.length < pageSize) break
      after = rows.at(-1)!.text
    }
  }
  return changed
}
