// All SQL on the configuration of domains.
import type { DomainOptionRow } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'

/** Options of a domain, of one group, or one of them; in a fixed order. */
export function domainOptions(db: Db, domainId: string, group?: string, option?: string): Promise<DomainOptionRow[]> {
  let query = db.selectFrom('identity_domain_options').selectAll().where('domain_id', '=', domainId)
  if (group !== undefined) query = query.where('config_group', '=', group)
  if (option !== undefined) query = query.where('config_option', '=', option)
  return query.orderBy('config_group').orderBy('config_option').execute()
}

/** Ids of the domains that have a driver of their own; which one is for the reader to see. */
export const domainsWithDriver = async (db: Db): Promise<string[]> =>
  (
    await db
      .selectFrom('identity_domain_options')
      .select('domain_id')
      .where('config_group', '=', 'identity')
      .where('config_option', '=', 'driver')
      .orderBy('domain_id')
      .execute()
  ).map((row) => row.domain_id)

export async function putDomainOptions(db: Db, rows: DomainOptionRow[]): Promise<void> {
  for (const row of rows) {
    const { value_text, encrypted_value } = row
    await db
      .insertInto('identity_domain_options')
      .values(row)
      .onConflict((c) => c.columns(['domain_id', 'config_group', 'config_option']).doUpdateSet({ value_text, encrypted_value }))
      .execute()
  }
}

/** Gives how many were taken away. */
export async function deleteDomainOptions(db: Db, domainId: string, group?: string, option?: string): Promise<number> {
  let query = db.deleteFrom('identity_domain_options').where('domain_id', '=', domainId)
  if (group !== undefined) query = query.where('config_group', '=', group)
  if (option !== undefined) query = query.where('config_option', '=', option)
  return Number((await query.executeTakeFirst()).numDeletedRows)
}
