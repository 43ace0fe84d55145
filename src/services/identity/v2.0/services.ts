// Services and endpoints (reference 10.1.20 to 10.1.24). An endpoint has three addresses here, and is three rows.
import { type Static, Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import type { Endpoint as EndpointRow, Service as ServiceRow } from '../../../auth/tables.ts'
import { Id, missing } from '../attributes.ts'
import { endpointsAsOne } from '../endpoint-templates/group.ts'
import { endpointRules, ensureUrl, Url } from '../service-catalog/endpoints.ts'
import { newService, ownService, removeService, serviceRules } from '../service-catalog/services.ts'
import { deleteEndpoints, ensureRegion, findService, insertEndpoint, insertService, serviceQuery } from '../service-catalog/store.ts'
import { v2 } from './common.ts'
import { PageQuery, page } from './page.ts'
import { Endpoint, Paged, Service } from './schema.ts'

const ksadm = 'identity-v2.0-ext.os-ksadm-admin-extension'
const One = Type.Object({ 'OS-KSADM:service': Service })
const wrap = (row: ServiceRow): Static<typeof One> => ({ 'OS-KSADM:service': view(row) })
const view = (row: ServiceRow): Static<typeof Service> => ({
  ...row.extra,
  id: row.id,
  type: row.type,
  name: row.name,
  description: row.description,
  enabled: row.enabled,
})

const service = resource<'service', ServiceRow>({
  name: 'service',
  param: 'service_id',
  target: () => ({}),
  missing: missing('service'),
  hidden: true,
  load: async (id, { db }) =>
    (await findService(db, id)) ?? (await serviceQuery(db).where('name', '=', id).orderBy('id').executeTakeFirst()),
})

const Create = Type.Object({
  'OS-KSADM:service': Type.Object({
    type: Type.String({ minLength: 1, maxLength: 255 }),
    name: Type.Optional(Type.String({ maxLength: 255 })),
    description: Type.Optional(Type.Union([Type.String({ maxLength: 4096 }), Type.Null()])),
  }),
})

/** The reference has them at /services, clients at /OS-KSADM/services. */
const servicesAt = (path: '/services' | '/OS-KSADM/services', documented: boolean) => {
  const ids = (...names: string[]) => (documented ? names.map((name) => `${ksadm}.${name}`) : [])
  const id = documented ? 'v2.services' : 'v2.services-long'
  const one = `${path}/{service_id}` as '/services/{service_id}'
  return [
    operation({
      ...v2,
      id: `${id}.list`,
      method: 'GET',
      path,
      summary: 'List services',
      catalog: ids('list-services'),
      query: PageQuery,
      answer: Paged('OS-KSADM:services', Service),
      policy: serviceRules.list,
      async handle(context) {
        const { rows, links } = page(context, path, await serviceQuery(context.db).orderBy('type').orderBy('id').execute())
        return { 'OS-KSADM:services': rows.map(view), 'OS-KSADM:services_links': links }
      },
    }),
    operation({
      ...v2,
      id: `${id}.create`,
      method: 'POST',
      path,
      summary: 'Create service',
      catalog: ids('create-service'),
      answer: One,
      body: Create,
      policy: serviceRules.create,
      async handle({ cloud, tx, body, now }) {
        const row = newService(body['OS-KSADM:service'], cloud.environment.hexId(), now)
        await insertService(tx.db, row)
        return wrap(row)
      },
    }),
    operation({
      ...v2,
      id: `${id}.show`,
      method: 'GET',
      path: one,
      summary: 'Show service information',
      catalog: ids('show-service-information-by-name', 'shows-service-information-by-id'),
      on: service,
      policy: serviceRules.get,
      answer: One,
      handle: async ({ service }) => wrap(service),
    }),
    operation({
      ...v2,
      id: `${id}.delete`,
      method: 'DELETE',
      path: one,
      summary: 'Delete service',
      catalog: ids('delete-service'),
      status: 204,
      on: service,
      policy: serviceRules.delete,
      handle: ({ tx, service }) => removeService(tx.db, service),
    }),
  ]
}

const EndpointCreate = Type.Object({
  endpoint: Type.Object({
    service_id: Id,
    region: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
    publicurl: Url,
    adminurl: Type.Optional(Type.Union([Url, Type.Null()])),
    internalurl: Type.Optional(Type.Union([Url, Type.Null()])),
  }),
})

const endpointView = (id: string, rows: EndpointRow[]): Static<typeof Endpoint> => ({
  id,
  region: rows[0]!.region_id,
  service_id: rows[0]!.service_id,
  enabled: rows[0]!.enabled,
  ...Object.fromEntries(rows.map((row) => [`${row.interface}url`, row.url])),
})

const endpoints = [
  operation({
    ...v2,
    id: 'v2.endpoints.list',
    method: 'GET',
    path: '/endpoints',
    summary: 'List endpoints',
    catalog: [],
    policy: endpointRules.list,
    answer: Type.Object({ endpoints: Type.Array(Endpoint) }),
    handle: async ({ db }) => ({ endpoints: [...(await endpointsAsOne(db))].map(([id, rows]) => endpointView(id, rows)) }),
  }),
  operation({
    ...v2,
    id: 'v2.endpoints.create',
    method: 'POST',
    path: '/endpoints',
    summary: 'Create endpoint',
    catalog: [],
    body: EndpointCreate,
    policy: endpointRules.create,
    answer: Type.Object({ endpoint: Endpoint }),
    async handle({ cloud, tx, body: { endpoint }, now }) {
      const { service_id, region, publicurl, adminurl, internalurl } = endpoint
      if (!(await findService(tx.db, service_id))) throw badRequest(missing('service')(service_id))
      const urls = { public: publicurl, admin: adminurl, internal: internalurl }
      for (const url of Object.values(urls)) if (url) ensureUrl(url)
      if (region) await ensureRegion(tx.db, region, now)
      const legacy_id = cloud.environment.hexId()
      const rows: EndpointRow[] = []
      for (const [side, url] of Object.entries(urls)) {
        if (!url) continue
        const row: EndpointRow = {
          id: cloud.environment.hexId(),
          service_id,
          interface: side as EndpointRow['interface'],
          region_id: region || null,
          url,
          enabled: true,
          managed: false,
          legacy_id,
          on_request: false,
          extra: {},
          created_at: now,
        }
        await insertEndpoint(tx.db, row)
        rows.push(row)
      }
      return { endpoint: endpointView(legacy_id, rows) }
    },
  }),
  operation({
    ...v2,
    id: 'v2.endpoints.delete',
    method: 'DELETE',
    path: '/endpoints/{endpoint_id}',
    summary: 'Delete endpoint',
    catalog: [],
    status: 204,
    policy: endpointRules.delete,
    async handle({ tx, params }) {
      const rows = (await endpointsAsOne(tx.db)).get(params.endpoint_id)
      if (!rows) throw notFound(missing('endpoint')(params.endpoint_id))
      if (rows.some((row) => row.managed)) throw ownService('endpoint')
      await deleteEndpoints(
        tx.db,
        rows.map((row) => row.id),
      )
    },
  }),
]

export const v2Services = [...servicesAt('/services', true), ...servicesAt('/OS-KSADM/services', false), ...endpoints]
