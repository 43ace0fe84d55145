// The service catalog: what this cloud serves is written to the database at each start, what the operator added stays.

import { catalogRows, changeGeneration } from '../../auth/store.ts'
import type { Endpoint } from '../../auth/tables.ts'
import type { Cloud } from '../../cloud.ts'
import type { Db } from '../../db/database.ts'
import { endpointFilter } from './endpoint-filter/store.ts'

export interface CatalogService {
  id: string
  type: string
  name: string
  endpoints: { id: string; interface: Endpoint['interface']; region: string | null; region_id: string | null; url: string }[]
}

const substitute = (url: string, projectId: string | null): string | null => {
  if (!/\$\(|%\(/.test(url)) return url
  if (projectId === null) return null
  return url.replace(/[$%]\((?:tenant_id|project_id)\)s/g, projectId)
}

/** The catalog as a v3 token shows it; endpoints that need a project are left out when there is none. `shown`: how this client sees a URL. */
export async function catalogFor(db: Db, projectId: string | null, shown = (url: string) => url): Promise<CatalogService[]> {
  const services = await catalogRows(db)
  const isSeen = projectId === null ? ({ on_request }: { on_request: boolean }) => !on_request : await endpointFilter(db, projectId)
  return services.map((service) => ({
    id: service.id,
    type: service.type,
    name: service.name,
    endpoints: service.endpoints.flatMap((endpoint) => {
      const url = substitute(endpoint.url, projectId)
      return url === null || !isSeen(endpoint)
        ? []
        : [{ id: endpoint.id, interface: endpoint.interface, region: endpoint.region_id, region_id: endpoint.region_id, url: shown(url) }]
    }),
  }))
}

/** Brings the rows of this cloud's own services and endpoints up to date: addresses may have changed since the last start. */
export async function writeCatalog(cloud: Cloud): Promise<void> {
  const { config, environment } = cloud
  const created_at = new Date(environment.clock.now()).toISOString()
  await cloud.database.write(async ({ db }) => {
    await db
      .insertInto('identity_regions')
      .values({ id: config.region, description: '', parent_region_id: null, extra: {}, created_at })
      .onConflict((c) => c.column('id').doNothing())
      .execute()
    const wanted = new Set<string>()
    let changed = false
    for (const service of cloud.services) {
      for (const entry of service.catalog) {
        let row = await db
          .selectFrom('identity_services')
          .select('id')
          .where('type', '=', entry.type)
          .where('managed', '=', true)
          .executeTakeFirst()
        if (!row) {
          row = { id: environment.hexId() }
          await db
            .insertInto('identity_services')
            .values({
              id: row.id,
              type: entry.type,
              name: entry.name,
              description: service.description,
              extra: {},
              managed: true,
              created_at,
            })
            .execute()
          changed = true
        }
        wanted.add(row.id)
        for (const side of ['public', 'internal', 'admin'] as const) {
          const url = cloud.endpoints.root(service.name, side === 'admin' ? entry.adminPort : undefined) + entry.path
          const known = await db
            .selectFrom('identity_endpoints')
            .select(['id', 'url', 'region_id'])
            .where('service_id', '=', row.id)
            .where('interface', '=', side)
            .where('managed', '=', true)
            .executeTakeFirst()
          if (known?.url === url && known.region_id === config.region) continue
          changed = true
          if (known) await db.updateTable('identity_endpoints').set({ url, region_id: config.region }).where('id', '=', known.id).execute()
          else
            await db
              .insertInto('identity_endpoints')
              .values({
                id: environment.hexId(),
                service_id: row.id,
                interface: side,
                region_id: config.region,
                url,
                extra: {},
                managed: true,
                created_at,
              })
              .execute()
        }
      }
    }
    const managed = await db.selectFrom('identity_services').select('id').where('managed', '=', true).execute()
    for (const { id } of managed) {
      if (wanted.has(id)) continue
      await db.deleteFrom('identity_endpoints').where('service_id', '=', id).execute()
      await db.deleteFrom('identity_services').where('id', '=', id).execute()
      changed = true
    }
    if (changed) await changeGeneration(db)
  })
}
