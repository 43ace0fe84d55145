// OS-FEDERATION: identity providers. Each vouches for the users of one domain; what it calls itself (`remote_ids`) is the issuer of
// its tokens. The secrets that belong to it are in the operator's file (settings.ts) and never here.
import { type Static, Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { Closed, Nullable } from '../../../api/types.ts'
import type { Provider as Row } from '../../../auth/federation-tables.ts'
import { Description, ensureSameId, Id, missing } from '../attributes.ts'
import { collection, isOn, listed } from '../collection.ts'
import { findDomain } from '../domains/domains.ts'
import { addProject } from '../projects/create.ts'
import { providerRules } from './rules.ts'
import { deleteProvider, findProvider, insertProvider, providerQuery, remoteIds, setRemoteIds, updateProvider } from './store.ts'

const attributes = {
  enabled: Type.Optional(Type.Boolean()),
  description: Type.Optional(Description),
  authorization_ttl: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 525_600 }), Type.Null()])),
  remote_ids: Type.Optional(
    Type.Union([Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 100, uniqueItems: true }), Type.Null()]),
  ),
}
const Create = Closed({
  identity_provider: Closed({ ...attributes, id: Type.Optional(Id), domain_id: Type.Optional(Type.Union([Id, Type.Null()])) }),
})
const Update = Closed({ identity_provider: Closed({ ...attributes, id: Type.Optional(Id) }) })

export const provider = resource<'provider', Row>({
  name: 'provider',
  param: 'idp_id',
  load: (id, { db }) => findProvider(db, id),
  target: () => ({}),
  missing: missing('identity provider'),
  hidden: true,
})

const path = '/OS-FEDERATION/identity_providers'
const common = { majors: ['v3'], catalog: [] as string[] } as const

const Provider = Type.Object({
  id: Type.String(),
  domain_id: Type.String(),
  enabled: Type.Boolean(),
  description: Nullable(Type.String()),
  authorization_ttl: Nullable(Type.Integer()),
  remote_ids: Type.Array(Type.String()),
  links: Type.Object({ self: Type.String(), protocols: Type.String() }),
})
const providerList = collection({
  many: 'identity_providers',
  path,
  filters: { id: 'id', enabled: isOn('enabled') },
  sortKeys: [],
  defaultSort: ['id'],
})

const view = (row: Row, names: Map<string, string[]>, { href }: { href(path: string): string }): Static<typeof Provider> => ({
  id: row.id,
  domain_id: row.domain_id,
  enabled: row.enabled,
  description: row.description,
  authorization_ttl: row.authorization_ttl,
  remote_ids: names.get(row.id) ?? [],
  links: { self: href(`${path}/${row.id}`), protocols: href(`${path}/${row.id}/protocols`) },
})
const shown = async (context: BaseContext, row: Row) => ({
  identity_provider: view(row, await remoteIds(context.db, [row.id]), context),
})

/** An id in the path of something that is made there. Throws 400. */
export function ensureId(id: string): void {
  if (!/^[\w.@-]{1,64}$/.test(id)) throw badRequest('An ID is made of at most 64 letters, digits, dots, hyphens and underscores.')
}

export const providers = [
  operation({
    ...common,
    id: 'identity-providers.list',
    method: 'GET',
    path,
    summary: 'List identity providers',
    policy: providerRules.list,
    query: providerList.query,
    answer: providerList.answer(Provider),
    async handle(context) {
      return listed<Row>(context, providerList, providerQuery(context.db), async (rows) => {
        const names = await remoteIds(
          context.db,
          rows.map((row) => row.id),
        )
        return rows.map((row) => view(row, names, context))
      })
    },
  }),
  operation({
    ...common,
    id: 'identity-providers.show',
    method: 'GET',
    path: '/OS-FEDERATION/identity_providers/{idp_id}',
    summary: 'Show an identity provider',
    on: provider,
    policy: providerRules.get,
    answer: Type.Object({ identity_provider: Provider }),
    handle: (context) => shown(context, context.provider),
  }),
  operation({
    ...common,
    id: 'identity-providers.create',
    method: 'PUT',
    path: '/OS-FEDERATION/identity_providers/{idp_id}',
    summary: 'Create an identity provider',
    body: Create,
    status: 201,
    policy: providerRules.create,
    answer: Type.Object({ identity_provider: Provider }),
    async handle(context) {
      const { tx, cloud, params, body, now } = context
      const { domain_id, remote_ids, enabled, description, authorization_ttl } = body.identity_provider
      ensureId(params.idp_id)
      ensureSameId(params.idp_id, body.identity_provider)
      if (domain_id && !(await findDomain(tx.db, domain_id))) throw notFound(missing('domain')(domain_id))
      const made = { name: params.idp_id, is_domain: true, description: `Users of the identity provider ${params.idp_id}` }
      const row: Row = {
        id: params.idp_id,
        domain_id: domain_id || (await addProject(cloud, tx, made, '', now)).id,
        enabled: enabled ?? false,
        description: description ?? null,
        authorization_ttl: authorization_ttl ?? null,
        created_at: now,
      }
      await insertProvider(tx.db, row)
      await setRemoteIds(tx.db, row.id, remote_ids ?? [])
      return shown(context, row)
    },
  }),
  operation({
    ...common,
    id: 'identity-providers.update',
    method: 'PATCH',
    path: '/OS-FEDERATION/identity_providers/{idp_id}',
    summary: 'Update an identity provider',
    body: Update,
    on: provider,
    policy: providerRules.update,
    answer: Type.Object({ identity_provider: Provider }),
    async handle(context) {
      const { tx, provider, body } = context
      const { remote_ids, enabled, description, authorization_ttl } = body.identity_provider
      ensureSameId(provider.id, body.identity_provider)
      if (remote_ids !== undefined) await setRemoteIds(tx.db, provider.id, remote_ids ?? [])
      const row = await updateProvider(tx.db, provider.id, {
        ...(enabled === undefined ? {} : { enabled }),
        ...(description === undefined ? {} : { description }),
        ...(authorization_ttl === undefined ? {} : { authorization_ttl }),
      })
      return shown(context, row)
    },
  }),
  operation({
    ...common,
    id: 'identity-providers.delete',
    method: 'DELETE',
    path: '/OS-FEDERATION/identity_providers/{idp_id}',
    summary: 'Delete an identity provider',
    status: 204,
    on: provider,
    policy: providerRules.delete,
    handle: ({ tx, provider }) => deleteProvider(tx.db, provider.id),
  }),
]
