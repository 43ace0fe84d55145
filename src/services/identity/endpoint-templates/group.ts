// Endpoints as the older versions have them: one with three addresses, where v3 has three rows.
import type { Endpoint } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { endpointQuery } from '../service-catalog/store.ts'

/** By id, the rows that are one endpoint in the older versions: the cloud's own go together by service and region. */
export async function endpointsAsOne(db: Db): Promise<Map<string, Endpoint[]>> {
  const found = new Map<string, Endpoint[]>()
  const ids = new Map<string, string>()
  for (const row of await endpointQuery(db).orderBy('interface', 'desc').orderBy('id').execute()) {
    const key = row.legacy_id ?? `${row.service_id} ${row.region_id} ${row.managed ? '' : row.id}`
    const id = ids.get(key) ?? row.legacy_id ?? row.id
    ids.set(key, id)
    found.set(id, [...(found.get(id) ?? []), row])
  }
  return found
}
