// All SQL on policies and on what they are for.
import type { Endpoint } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'

export const findPolicy = (db: Db, id: string) => db.selectFrom('identity_policies').selectAll().where('id', '=', id).executeTakeFirst()

/** One endpoint, all of a service, or those of a service in a region (and below it); what is not meant is ''. */
export interface Place {
  endpoint_id: string
  service_id: string
  region_id: string
}

const at = (db: Db, place: Place) =>
  db
    .selectFrom('identity_policy_associations')
    .select('policy_id')
    .where('endpoint_id', '=', place.endpoint_id)
    .where('service_id', '=', place.service_id)
    .where('region_id', '=', place.region_id)

export const isAssociated = async (db: Db, policyId: string, place: Place): Promise<boolean> =>
  (await at(db, place).executeTakeFirst())?.policy_id === policyId

/** A place has one policy: that of before is replaced. */
export async function associate(db: Db, policy_id: string, place: Place): Promise<void> {
  await db
    .insertInto('identity_policy_associations')
    .values({ ...place, policy_id })
    .onConflict((c) => c.columns(['endpoint_id', 'service_id', 'region_id']).doUpdateSet({ policy_id }))
    .execute()
}

/** False when that policy is not for that place. */
export async function dissociate(db: Db, policyId: string, place: Place): Promise<boolean> {
  const result = await db
    .deleteFrom('identity_policy_associations')
    .where('policy_id', '=', policyId)
    .where('endpoint_id', '=', place.endpoint_id)
    .where('service_id', '=', place.service_id)
    .where('region_id', '=', place.region_id)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** For rows that are taken away. */
export async function dropAssociations(db: Db, column: keyof Place | 'policy_id', ids: string[]): Promise<void> {
  await db.deleteFrom('identity_policy_associations').where(column, 'in', ids).execute()
}

const parents = async (db: Db) =>
  new Map(
    (await db.selectFrom('identity_regions').select(['id', 'parent_region_id']).execute()).map((row) => [row.id, row.parent_region_id]),
  )

/** A region and those above it, nearest first. */
function upwards(regions: Map<string, string | null>, id: string | null): string[] {
  const found: string[] = []
  for (let next = id; next !== null && !found.includes(next); next = regions.get(next) ?? null) found.push(next)
  return found
}

/** The policy for an endpoint: its own, that of its service in its region or the nearest above, that of its service. */
export async function policyFor(db: Db, { id, service_id, region_id }: Endpoint) {
  const places: Place[] = [
    { endpoint_id: id, service_id: '', region_id: '' },
    ...upwards(await parents(db), region_id).map((region) => ({ endpoint_id: '', service_id, region_id: region })),
    { endpoint_id: '', service_id, region_id: '' },
  ]
  for (const place of places) {
    const found = await at(db, place).executeTakeFirst()
    if (found) return findPolicy(db, found.policy_id)
  }
  return undefined
}

/** The endpoints that a policy was given to, one by one, by their service, or by service and region. */
export async function endpointsFor(db: Db, policyId: string): Promise<Endpoint[]> {
  const places = await db.selectFrom('identity_policy_associations').selectAll().where('policy_id', '=', policyId).execute()
  const regions = await parents(db)
  const endpoints = places.length ? await db.selectFrom('identity_endpoints').selectAll().orderBy('id').execute() : []
  return endpoints.filter((endpoint) =>
    places.some((place) =>
      place.endpoint_id
        ? place.endpoint_id === endpoint.id
        : place.service_id === endpoint.service_id && (!place.region_id || upwards(regions, endpoint.region_id).includes(place.region_id)),
    ),
  )
}
