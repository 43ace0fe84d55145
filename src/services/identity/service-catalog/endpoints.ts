// Endpoints of the catalog (reference 6.4).
import { type Static, Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import type { Endpoint as Row } from '../../../auth/tables.ts'
import type { Db } from '../../../db/database.ts'
import { Description, Extended, ensureSameId, extraOf, Id, mergeExtra, missing, SelfLink } from '../attributes.ts'
import { collection, isOn, listed } from '../collection.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { ownService } from './services.ts'
import {
  deleteEndpoints,
  endpointQuery,
  ensureRegion,
  findEndpoint,
  findRegion,
  findService,
  insertEndpoint,
  updateEndpoint,
} from './store.ts'

export const Interface = Type.Union([Type.Literal('public'), Type.Literal('internal'), Type.Literal('admin')])
export const Url = Type.String({ maxLength: 225, pattern: '^[a-zA-Z0-9+.-]+:[^\\s\\u0000-\\u001f]+$' })
const Region = Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()])
const attributes = {
  region: Type.Optional(Region),
  region_id: Type.Optional(Region),
  enabled: Type.Optional(Type.Boolean()),
  name: Type.Optional(Type.String({ maxLength: 255 })),
  description: Type.Optional(Description),
}
const Create = Type.Object({ endpoint: Type.Object({ service_id: Id, interface: Interface, url: Url, ...attributes }) })
const Update = Type.Object({
  endpoint: Type.Object(
    { service_id: Type.Optional(Id), interface: Type.Optional(Interface), url: Type.Optional(Url), ...attributes },
    { minProperties: 1 },
  ),
})
const known = ['service_id', 'interface', 'url', 'region', 'region_id', 'enabled']

export const endpoint = resource({
  name: 'endpoint',
  param: 'endpoint_id',
  load: (id, { db }) => findEndpoint(db, id),
  target: () => ({}),
  missing: missing('endpoint'),
})

export const endpointRules = {
  get: cloudRule('identity:get_endpoint', adminOrSystemReader, 'Show endpoint details.'),
  list: cloudRule('identity:list_endpoints', adminOrSystemReader, 'List endpoints.'),
  create: cloudRule('identity:create_endpoint', adminRequired, 'Create an endpoint.'),
  update: cloudRule('identity:update_endpoint', adminRequired, 'Update an endpoint.'),
  delete: cloudRule('identity:delete_endpoint', adminRequired, 'Delete an endpoint.'),
}

/** An endpoint as it is shown (reference 6.4). */
export const Endpoint = Extended({
  id: Type.String(),
  service_id: Type.String(),
  interface: Interface,
  url: Type.String(),
  /** The same twice: the earlier name and today's. */
  region: Nullable(Type.String()),
  region_id: Nullable(Type.String()),
  enabled: Type.Boolean(),
  // Where they were given.
  name: Type.Optional(Type.String()),
  description: Type.Optional(Description),
  links: SelfLink,
})
const endpointList = collection({
  many: 'endpoints',
  filters: { interface: 'interface', service_id: 'service_id', region_id: 'region_id', region: 'region_id', enabled: isOn('enabled') },
  sortKeys: ['service_id'],
  defaultSort: ['service_id', 'interface'],
})

export const endpointView = (row: Row, { href }: { href(path: string): string }): Static<typeof Endpoint> => ({
  ...row.extra,
  id: row.id,
  service_id: row.service_id,
  interface: row.interface,
  url: row.url,
  region: row.region_id,
  region_id: row.region_id,
  enabled: row.enabled,
  links: { self: href(`/endpoints/${row.id}`) },
})

/** A catalog with a name it cannot fill in would be broken for everybody. Throws 400. */
export function ensureUrl(url: string): void {
  for (const [, name] of url.matchAll(/[$%]\(([^)]*)\)s?/g)) {
    if (!['tenant_id', 'project_id', 'user_id'].includes(name!))
      throw badRequest(`Invalid endpoint URL: '${name!.slice(0, 60)}' cannot be filled in.`)
  }
  if (/[$%]\(user_id\)/.test(url)) throw badRequest("Invalid endpoint URL: 'user_id' cannot be filled in.")
}

async function ensureFits(
  db: Db,
  body: { service_id?: string; url?: string; region?: string | null; region_id?: string | null },
  now: string,
): Promise<string | null | undefined> {
  if (body.url !== undefined) ensureUrl(body.url)
  if (body.service_id !== undefined && !(await findService(db, body.service_id))) throw badRequest(missing('service')(body.service_id))
  if (body.region_id) {
    if (!(await findRegion(db, body.region_id))) throw badRequest(missing('region')(body.region_id))
    return body.region_id
  }
  if (body.region) await ensureRegion(db, body.region, now)
  return body.region_id === undefined ? body.region : body.region_id
}

export const endpoints = [
  operation({
    id: 'endpoints.list',
    method: 'GET',
    path: '/endpoints',
    majors: ['v3'],
    summary: 'List endpoints',
    catalog: ['identity-v3.endpoints.list-endpoints'],
    policy: endpointRules.list,
    query: endpointList.query,
    answer: endpointList.answer(Endpoint),
    handle: async (context) =>
      listed(context, endpointList, endpointQuery(context.db), (rows) => rows.map((row) => endpointView(row, context))),
  }),
  operation({
    id: 'endpoints.show',
    method: 'GET',
    path: '/endpoints/{endpoint_id}',
    majors: ['v3'],
    summary: 'Show endpoint details',
    catalog: [],
    on: endpoint,
    policy: endpointRules.get,
    answer: Type.Object({ endpoint: Endpoint }),
    handle: async (context) => ({ endpoint: endpointView(context.endpoint, context) }),
  }),
  operation({
    id: 'endpoints.create',
    method: 'POST',
    path: '/endpoints',
    majors: ['v3'],
    summary: 'Create endpoint',
    catalog: ['identity-v3.endpoints.create-endpoint'],
    body: Create,
    status: 201,
    policy: endpointRules.create,
    answer: Type.Object({ endpoint: Endpoint }),
    async handle(context) {
      const {
        cloud,
        tx,
        body: { endpoint },
        now,
      } = context
      const region = await ensureFits(tx.db, endpoint, now)
      const row: Row = {
        id: cloud.environment.hexId(),
        service_id: endpoint.service_id,
        interface: endpoint.interface,
        region_id: region ?? null,
        url: endpoint.url,
        enabled: endpoint.enabled ?? true,
        managed: false,
        legacy_id: null,
        on_request: false,
        extra: extraOf(endpoint, known),
        created_at: now,
      }
      await insertEndpoint(tx.db, row)
      return { endpoint: endpointView(row, context) }
    },
  }),
  operation({
    id: 'endpoints.update',
    method: 'PATCH',
    path: '/endpoints/{endpoint_id}',
    majors: ['v3'],
    summary: 'Update endpoint',
    catalog: ['identity-v3.endpoints.update-endpoint'],
    body: Update,
    on: endpoint,
    policy: endpointRules.update,
    answer: Type.Object({ endpoint: Endpoint }),
    async handle(context) {
      const { tx, endpoint, body, now } = context
      const changes = body.endpoint
      ensureSameId(endpoint.id, changes)
      if (endpoint.managed && ['service_id', 'interface', 'url', 'region', 'region_id'].some((name) => name in changes))
        throw ownService('endpoint')
      const region = await ensureFits(tx.db, changes, now)
      const { service_id, url, enabled } = changes
      const row = await updateEndpoint(tx.db, endpoint.id, {
        ...(service_id === undefined ? {} : { service_id }),
        ...(changes.interface === undefined ? {} : { interface: changes.interface }),
        ...(url === undefined ? {} : { url }),
        ...(enabled === undefined ? {} : { enabled }),
        ...(region === undefined ? {} : { region_id: region }),
        extra: mergeExtra(endpoint.extra, changes, known),
      })
      return { endpoint: endpointView(row, context) }
    },
  }),
  operation({
    id: 'endpoints.delete',
    method: 'DELETE',
    path: '/endpoints/{endpoint_id}',
    majors: ['v3'],
    summary: 'Delete endpoint',
    catalog: ['identity-v3.endpoints.delete-endpoint'],
    status: 204,
    on: endpoint,
    policy: endpointRules.delete,
    async handle({ tx, endpoint }) {
      if (endpoint.managed) throw ownService('endpoint')
      await deleteEndpoints(tx.db, [endpoint.id])
    },
  }),
]
