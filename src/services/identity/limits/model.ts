// How the limits of a domain and of its projects go together (setting limitModel).
import { forbidden } from '../../../api/faults.ts'
import { findProject } from '../../../auth/store.ts'
import type { LimitRow, RegisteredLimitRow } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import { UserError } from '../../../config.ts'
import type { Db } from '../../../db/database.ts'
import { subtreeOf } from '../projects/store.ts'
import { limitsOf } from './store.ts'

export const models = {
  flat: { name: 'flat', description: 'Limit enforcement and validation does not take project hierarchy into consideration.' },
  strict_two_level: {
    name: 'strict_two_level',
    description: 'This model requires project hierarchy never exceeds a depth of two',
  },
} as const

type Wanted = Pick<LimitRow, 'project_id' | 'domain_id' | 'resource_limit'>

/** -1 is without limit. */
const above = (limit: number, bound: number) => bound !== -1 && (limit === -1 || limit > bound)

/**
 * Throws 403 when a limit would be above that of its domain, or below that of one of its projects. `together`: what the same request
 * asks for, which counts before what is stored. `registered` is held by the transaction.
 */
export async function ensureFits(db: Db, registered: RegisteredLimitRow, wanted: Wanted, together: Wanted[]): Promise<void> {
  const refuse = () =>
    forbidden(
      `Invalid resource limit: The resource limit (${wanted.project_id ? 'project_id' : 'domain_id'}: ${wanted.project_id || wanted.domain_id}, ` +
        `resource_name: ${registered.resource_name}, resource_limit: ${wanted.resource_limit}, service_id: ${registered.service_id}, ` +
        `region_id: ${registered.region_id || null}) doesn't satisfy current hierarchy model.`,
    )
  if (wanted.project_id) {
    const project = (await findProject(db, wanted.project_id))!
    const parent = project.parent_id === null ? undefined : await findProject(db, project.parent_id)
    if (!parent?.is_domain) throw refuse()
    const [stored] = await limitsOf(db, registered.id, { domainId: parent.id })
    const sent = together.find((other) => other.domain_id === parent.id)
    const bound = sent?.resource_limit ?? stored?.resource_limit ?? registered.default_limit
    if (above(wanted.resource_limit, bound)) throw refuse()
    return
  }
  const below = await subtreeOf(db, wanted.domain_id)
  const stored = await limitsOf(db, registered.id, { projectIds: below.map((project) => project.id) })
  if (stored.some((limit) => above(limit.resource_limit, wanted.resource_limit))) throw refuse()
}

/** At the start: the two-level model cannot be held where projects already lie deeper. */
export async function ensureDepth(cloud: Cloud): Promise<void> {
  if (cloud.config.limitModel !== 'strict_two_level') return
  const deep = await cloud.database.read
    .selectFrom('identity_projects as p')
    .innerJoin('identity_projects as parent', 'parent.id', 'p.parent_id')
    .select('p.id')
    .where('parent.is_domain', '=', false)
    .where('p.is_domain', '=', false)
    .limit(5)
    .execute()
  if (deep.length)
    throw new UserError(
      `limit-model strict_two_level: the projects ${deep.map((row) => row.id).join(', ')} lie below other projects. Delete them, or take the flat model.`,
    )
}
