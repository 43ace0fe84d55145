// OS-FEDERATION: other clouds that users of this one may go to. They are kept and shown in tokens; to send users there needs SAML, which
// is not built.
import { type Static, Type } from 'typebox'
import { notBuilt } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Closed, Nullable } from '../../../api/types.ts'
import type { ServiceProvider as Row } from '../../../auth/federation-tables.ts'
import { Description, ensureSameId, Id, missing, SelfLink } from '../attributes.ts'
import { collection, isOn, listed } from '../collection.ts'
import { ensureId } from './providers.ts'
import { serviceProviderRules } from './rules.ts'
import { deleteServiceProvider, findServiceProvider, insertServiceProvider, serviceProviderQuery, updateServiceProvider } from './store.ts'

const Url = Type.String({ maxLength: 256, pattern: '^https?://[^\\s]+$' })
const attributes = {
  id: Type.Optional(Id),
  enabled: Type.Optional(Type.Boolean()),
  description: Type.Optional(Description),
  relay_state_prefix: Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()])),
}
const Create = Closed({ service_provider: Closed({ ...attributes, auth_url: Url, sp_url: Url }) })
const Update = Closed({ service_provider: Closed({ ...attributes, auth_url: Type.Optional(Url), sp_url: Type.Optional(Url) }) })
const defaultPrefix = 'ss:mem:'

const serviceProvider = resource<'serviceProvider', Row>({
  name: 'serviceProvider',
  param: 'sp_id',
  load: (id, { db }) => findServiceProvider(db, id),
  target: () => ({}),
  missing: missing('service provider'),
  hidden: true,
})

const ServiceProvider = Type.Object({
  id: Type.String(),
  auth_url: Type.String(),
  sp_url: Type.String(),
  enabled: Type.Boolean(),
  description: Nullable(Type.String()),
  relay_state_prefix: Type.String(),
  links: SelfLink,
})
const providerList = collection({
  many: 'service_providers',
  path: '/OS-FEDERATION/service_providers',
  filters: { id: 'id', enabled: isOn('enabled') },
  sortKeys: [],
  defaultSort: ['id'],
})

const view = (row: Row, { href }: { href(path: string): string }): Static<typeof ServiceProvider> => ({
  id: row.id,
  auth_url: row.auth_url,
  sp_url: row.sp_url,
  enabled: row.enabled,
  description: row.description,
  relay_state_prefix: row.relay_state_prefix,
  links: { self: href(`/OS-FEDERATION/service_providers/${row.id}`) },
})

const common = { majors: ['v3'], catalog: [] as string[] } as const
const one = '/OS-FEDERATION/service_providers/{sp_id}' as const

const saml = [
  ['GET', '/OS-FEDERATION/saml2/metadata', 'Show the metadata for SAML'],
  ['POST', '/auth/OS-FEDERATION/saml2', 'Get a SAML assertion for a service provider'],
  ['POST', '/auth/OS-FEDERATION/saml2/ecp', 'Get a wrapped SAML assertion for a service provider'],
] as const

export const serviceProviders = [
  operation({
    ...common,
    id: 'service-providers.list',
    method: 'GET',
    path: '/OS-FEDERATION/service_providers',
    summary: 'List service providers',
    policy: serviceProviderRules.list,
    query: providerList.query,
    answer: providerList.answer(ServiceProvider),
    handle: async (context) =>
      listed<Row>(context, providerList, serviceProviderQuery(context.db), (rows) => rows.map((row) => view(row, context))),
  }),
  operation({
    ...common,
    id: 'service-providers.show',
    method: 'GET',
    path: one,
    summary: 'Show a service provider',
    on: serviceProvider,
    policy: serviceProviderRules.get,
    answer: Type.Object({ service_provider: ServiceProvider }),
    handle: async (context) => ({ service_provider: view(context.serviceProvider, context) }),
  }),
  operation({
    ...common,
    id: 'service-providers.create',
    method: 'PUT',
    path: one,
    summary: 'Create a service provider',
    body: Create,
    status: 201,
    policy: serviceProviderRules.create,
    answer: Type.Object({ service_provider: ServiceProvider }),
    async handle(context) {
      const { tx, params, body, now } = context
      ensureId(params.sp_id)
      ensureSameId(params.sp_id, body.service_provider)
      const { auth_url, sp_url, enabled, description, relay_state_prefix } = body.service_provider
      const row: Row = {
        id: params.sp_id,
        auth_url,
        sp_url,
        enabled: enabled ?? false,
        description: description ?? null,
        relay_state_prefix: relay_state_prefix ?? defaultPrefix,
        created_at: now,
      }
      await insertServiceProvider(tx.db, row)
      return { service_provider: view(row, context) }
    },
  }),
  operation({
    ...common,
    id: 'service-providers.update',
    method: 'PATCH',
    path: one,
    summary: 'Update a service provider',
    body: Update,
    on: serviceProvider,
    policy: serviceProviderRules.update,
    answer: Type.Object({ service_provider: ServiceProvider }),
    async handle(context) {
      const { tx, serviceProvider, body } = context
      ensureSameId(serviceProvider.id, body.service_provider)
      const { id: _, relay_state_prefix, ...changes } = body.service_provider
      const row = await updateServiceProvider(tx.db, serviceProvider.id, {
        ...changes,
        ...(relay_state_prefix === undefined ? {} : { relay_state_prefix: relay_state_prefix ?? defaultPrefix }),
      })
      return { service_provider: view(row, context) }
    },
  }),
  operation({
    ...common,
    id: 'service-providers.delete',
    method: 'DELETE',
    path: one,
    summary: 'Delete a service provider',
    status: 204,
    on: serviceProvider,
    policy: serviceProviderRules.delete,
    handle: ({ tx, serviceProvider }) => deleteServiceProvider(tx.db, serviceProvider.id),
  }),
  ...saml.map(([method, path, summary]) =>
    operation({
      ...common,
      id: `saml.${path.split('/').at(-1)}`,
      method,
      path,
      summary,
      auth: 'none',
      policy: null,
      input: 'stream',
      transaction: 'none',
      async handle() {
        throw notBuilt(summary)
      },
    }),
  ),
]
