import type { Static } from 'typebox'
import { findProject } from '../../../auth/store.ts'
import type { Who } from '../../../auth/who.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { catalogFor } from '../catalog.ts'
import { adminRule } from '../rules.ts'
import { tenantView } from './common.ts'
import type { Access, Catalog } from './schema.ts'

const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
const fullTime = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z')

/** Endpoints as v2.0 has them: one entry a region with three addresses. This service itself is shown with this version; those without endpoints not at all. */
export async function serviceCatalog(db: Db, projectId: string | null, shown?: (url: string) => string): Promise<Static<typeof Catalog>> {
  const services = (await catalogFor(db, projectId, shown)).filter(({ endpoints }) => endpoints.length)
  return services.map(({ type, name, endpoints }) => {
    const regions = [...new Set(endpoints.map((endpoint) => endpoint.region))]
    const url = (region: string | null, side: string): { publicURL?: string } => {
      const found = endpoints.find((endpoint) => endpoint.region === region && endpoint.interface === side)?.url
      return found === undefined ? {} : { [`${side}URL`]: type === 'identity' ? found.replace(/\/v3$/, '/v2.0') : found }
    }
    return {
      type,
      name,
      endpoints_links: [],
      endpoints: regions.map((region) => ({
        id: endpoints.find((endpoint) => endpoint.region === region)!.id,
        region,
        ...url(region, 'public'),
        ...url(region, 'internal'),
        ...url(region, 'admin'),
      })),
    }
  })
}

/** The v2.0 token (reference 8.2.1), with the catalog as `shown` gives its addresses where it is not null. */
export async function accessView(
  cloud: Cloud,
  token: string,
  who: Who,
  shown: ((url: string) => string) | null,
): Promise<Static<typeof Access>> {
  const db = cloud.database.read
  const isAdmin = cloud.policies.get('identity')!.holds(adminRule, who.credentials)
  const project = who.project ? await findProject(db, who.project.id) : undefined
  return {
    access: {
      token: {
        id: token,
        issued_at: fullTime(who.issuedAt),
        expires: time(who.expiresAt),
        audit_ids: who.auditIds,
        ...(project ? { tenant: tenantView(project) } : {}),
      },
      user: {
        id: who.user.id,
        name: who.user.name,
        username: who.user.name,
        roles: who.project ? who.roles.map(({ id, name }) => ({ id, name })) : [],
        roles_links: [],
      },
      ...(shown ? { serviceCatalog: project ? await serviceCatalog(db, project.id, shown) : [] } : {}),
      metadata: { is_admin: isAdmin ? 1 : 0, roles: who.project ? who.roles.map((role) => role.id) : [] },
    },
  }
}
