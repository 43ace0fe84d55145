// Endpoint templates (OS-KSCATALOG, reference 10.2.5 to 10.2.9): the catalog's endpoints. Those that are not global are seen only by
// tenants that were given them.
import { type Static, Type } from 'typebox'
import { badRequest, conflict } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import type { Endpoint } from '../../../auth/tables.ts'
import type { Tx } from '../../../db/database.ts'
import { Id, missing } from '../attributes.ts'
import { endpointRules, ensureUrl, Url } from '../service-catalog/endpoints.ts'
import { ownService } from '../service-catalog/services.ts'
import { deleteEndpoints, ensureRegion, insertEndpoint, updateEndpoint } from '../service-catalog/store.ts'
import { v2 } from '../v2.0/common.ts'
import { PageQuery, page } from '../v2.0/page.ts'
import { Paged } from '../v2.0/schema.ts'
import { allTemplates, findServiceOf, findTemplate, giveToSame, lockCatalog } from './store.ts'
import { ShownTemplate, type Template, templateView, versionFields } from './view.ts'

export const key = 'OS-KSCATALOG:endpointTemplate'
const ids = (name: string) => [`identity-v2.0-ext.os-kscatalog-admin-extension.${name}`]

export const TemplateId = Type.Unsafe<string | number>({
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
    { type: 'string', minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9_-]+$' },
  ],
})
const Address = Type.Optional(Type.Union([Url, Type.Null()]))
const VersionText = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
const fields = {
  id: Type.Optional(TemplateId),
  serviceId: Type.Optional(Id),
  type: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  region: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()])),
  global: Type.Optional(Type.Boolean()),
  enabled: Type.Optional(Type.Boolean()),
  internalURL: Address,
  adminURL: Address,
  versionId: VersionText,
  versionInfo: VersionText,
  versionList: VersionText,
}
const Create = Type.Object({ [key]: Type.Object({ ...fields, publicURL: Url }) })
const Update = Type.Object({ [key]: Type.Object({ ...fields, publicURL: Type.Optional(Url) }, { minProperties: 1 }) })
type Changes = Static<typeof Update>[typeof key]

const sides = ['public', 'internal', 'admin'] as const
const text = (id: string | number) => String(id)

const template = resource<'template', Template>({
  name: 'template',
  param: 'template_id',
  load: (id, { db }) => findTemplate(db, id),
  target: () => ({}),
  missing: missing('endpoint template'),
  hidden: true,
})

/** What is kept of the version; null takes a field away. */
function versions(before: Record<string, unknown>, changes: Changes): Record<string, unknown> {
  const after = { ...before }
  for (const name of versionFields) {
    if (changes[name] === null) delete after[name]
    else if (changes[name] !== undefined) after[name] = changes[name]
  }
  return after
}

const One = Type.Object({ [key]: ShownTemplate })
const serviceId = Type.Optional(Type.String())

const list = operation({
  ...v2,
  id: 'v2.endpoint-templates.list',
  method: 'GET',
  path: '/OS-KSCATALOG/endpointTemplates',
  summary: 'List endpoint templates',
  catalog: ids('list-endpoint-templates'),
  policy: endpointRules.list,
  query: Type.Object({ ...PageQuery.properties, serviceId }),
  answer: Paged('OS-KSCATALOG:endpointsTemplates', ShownTemplate, { item: key }),
  async handle(context) {
    const { serviceId } = context.query
    const all = (await allTemplates(context.db)).filter(({ service }) => serviceId === undefined || service.id === serviceId)
    const { rows, links } = page(context, '/OS-KSCATALOG/endpointTemplates', all)
    return { 'OS-KSCATALOG:endpointsTemplates': rows.map(templateView), 'OS-KSCATALOG:endpointsTemplates_links': links }
  },
})

const create = operation({
  ...v2,
  id: 'v2.endpoint-templates.create',
  method: 'POST',
  path: '/OS-KSCATALOG/endpointTemplates',
  summary: 'Create endpoint template',
  catalog: ids('create-endpoint-template'),
  body: Create,
  status: 201,
  policy: endpointRules.create,
  query: Type.Object({ serviceId }),
  answer: One,
  async handle({ cloud, tx, body, query, now }) {
    const wanted = body[key]
    const { region = null, global = false, enabled = true } = wanted
    const service = await findServiceOf(tx.db, wanted.type, wanted.serviceId ?? query.serviceId)
    if (!service) throw badRequest('The endpoint template needs the `type` or the `serviceId` of a service that there is.')
    if (wanted.type !== undefined && wanted.type !== service.type) throw badRequest(`The service is of type ${service.type}.`)
    await lockCatalog(tx.db)
    const id = wanted.id === undefined ? cloud.environment.hexId() : text(wanted.id)
    if (await findTemplate(tx.db, id)) throw conflict(`There is an endpoint template ${id} already.`)
    const rows: Endpoint[] = []
    for (const side of sides) {
      const url = wanted[`${side}URL`]
      if (!url) continue
      ensureUrl(url)
      rows.push({
        id: cloud.environment.hexId(),
        service_id: service.id,
        interface: side,
        region_id: region,
        url,
        enabled,
        managed: false,
        legacy_id: id,
        on_request: !global,
        extra: versions({}, wanted),
        created_at: now,
      })
    }
    if (region) await ensureRegion(tx.db, region, now)
    for (const row of rows) await insertEndpoint(tx.db, row)
    return { [key]: templateView({ id, rows, service }) }
  },
})

/** The rows as the changes want them: changed, added, or gone with their address. */
async function applyChanges(tx: Tx, { id, rows }: Template, changes: Changes, newId: () => string, now: string): Promise<void> {
  const first = rows[0]!
  const same = {
    enabled: changes.enabled ?? first.enabled,
    on_request: changes.global === undefined ? first.on_request : !changes.global,
    region_id: changes.region === undefined ? first.region_id : changes.region,
    extra: versions(first.extra, changes),
  }
  if (same.region_id) await ensureRegion(tx.db, same.region_id, now)
  const gone: string[] = []
  let left = 0
  for (const side of sides) {
    const row = rows.find((each) => each.interface === side)
    const url = changes[`${side}URL`]
    if (url) ensureUrl(url)
    if (row && url === null) gone.push(row.id)
    else if (row) {
      left++
      // What has one row only had no id of its own before.
      await updateEndpoint(tx.db, row.id, { ...same, ...(url ? { url } : {}), ...(row.managed ? {} : { legacy_id: id }) })
    } else if (url) {
      left++
      const added = { ...first, ...same, id: newId(), interface: side, url, legacy_id: id, created_at: now }
      await insertEndpoint(tx.db, added)
      await giveToSame(tx.db, first.id, added.id)
    }
  }
  if (!left) throw badRequest('An endpoint template needs an address.')
  if (gone.length) await deleteEndpoints(tx.db, gone)
}

const update = operation({
  ...v2,
  id: 'v2.endpoint-templates.update',
  method: 'PUT',
  path: '/OS-KSCATALOG/endpointTemplates/{template_id}',
  summary: 'Update endpoint template',
  catalog: ids('update-endpoint-template'),
  body: Update,
  on: template,
  policy: endpointRules.update,
  answer: One,
  async handle({ cloud, tx, template, body, now }) {
    const changes = body[key]
    const { rows, service } = template
    if (changes.id !== undefined && text(changes.id) !== template.id) throw badRequest('Cannot change the ID.')
    if (
      (changes.type !== undefined && changes.type !== service.type) ||
      (changes.serviceId !== undefined && changes.serviceId !== service.id)
    )
      throw badRequest(`The endpoint template is of the service ${service.id} of type ${service.type}, and stays so.`)
    if (rows.some((row) => row.managed)) {
      const other = (side: (typeof sides)[number]) => {
        const url = changes[`${side}URL`]
        return url !== undefined && url !== rows.find((row) => row.interface === side)?.url
      }
      if (sides.some(other) || (changes.region !== undefined && changes.region !== rows[0]!.region_id)) throw ownService('endpoint')
    }
    await lockCatalog(tx.db)
    await applyChanges(tx, template, changes, () => cloud.environment.hexId(), now)
    return { [key]: templateView((await findTemplate(tx.db, template.id))!) }
  },
})

export const endpointTemplates = [
  list,
  create,
  update,
  operation({
    ...v2,
    id: 'v2.endpoint-templates.show',
    method: 'GET',
    path: '/OS-KSCATALOG/endpointTemplates/{template_id}',
    summary: 'Get endpoint template',
    catalog: ids('get-endpoint-template'),
    on: template,
    policy: endpointRules.get,
    answer: One,
    handle: async ({ template }) => ({ [key]: templateView(template) }),
  }),
  operation({
    ...v2,
    id: 'v2.endpoint-templates.delete',
    method: 'DELETE',
    path: '/OS-KSCATALOG/endpointTemplates/{template_id}',
    summary: 'Delete endpoint template',
    catalog: ids('delete-endpoint-template'),
    status: 204,
    on: template,
    policy: endpointRules.delete,
    async handle({ tx, template: { rows } }) {
      if (rows.some((row) => row.managed)) throw ownService('endpoint')
      await deleteEndpoints(
        tx.db,
        rows.map((row) => row.id),
      )
    },
  }),
]
