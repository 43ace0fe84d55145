// The endpoints that a tenant was given (OS-KSCATALOG, reference 10.2.1 to 10.2.4): its catalog shows them beside the global ones.
import { Type } from 'typebox'
import { conflict, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { missing } from '../attributes.ts'
import { filterRules } from '../endpoint-filter/projects.ts'
import { tenant, v2 } from '../v2.0/common.ts'
import { PageQuery, page } from '../v2.0/page.ts'
import { Paged } from '../v2.0/schema.ts'
import { findTemplate, give, take, templatesOf } from './store.ts'
import { key, TemplateId } from './templates.ts'
import { TenantEndpoint, tenantEndpointView } from './view.ts'

const ids = (name: string) => [`identity-v2.0-ext.os-kscatalog-admin-extension.${name}`]
const all = { ...v2, path: '/tenants/{tenant_id}/OS-KSCATALOG/endpoints', on: tenant } as const
const one = { ...v2, path: '/tenants/{tenant_id}/OS-KSCATALOG/endpoints/{endpoint_id}', on: tenant } as const
const Create = Type.Object({ [key]: Type.Object({ id: TemplateId }) })

async function given(db: Parameters<typeof templatesOf>[0], tenantId: string, id: string) {
  const found = (await templatesOf(db, tenantId)).find((template) => template.id === id)
  if (!found) throw notFound(missing('endpoint')(id))
  return found
}

export const tenantEndpoints = [
  operation({
    ...all,
    id: 'v2.tenant-endpoints.list',
    method: 'GET',
    summary: 'List endpoints',
    catalog: ids('list-endpoints'),
    policy: filterRules.list,
    query: PageQuery,
    answer: Paged('endpoints', TenantEndpoint),
    async handle(context) {
      const { db, tenant } = context
      const { rows, links } = page(context, `/tenants/${tenant.id}/OS-KSCATALOG/endpoints`, await templatesOf(db, tenant.id))
      return { endpoints: rows.map((row) => tenantEndpointView(row, tenant.id)), endpoints_links: links }
    },
  }),
  operation({
    ...all,
    id: 'v2.tenant-endpoints.create',
    method: 'POST',
    summary: 'Create endpoint',
    catalog: ids('create-endpoint'),
    body: Create,
    status: 201,
    policy: filterRules.add,
    answer: Type.Object({ endpoint: TenantEndpoint }),
    async handle({ tx, tenant, body }) {
      const id = String(body[key].id)
      const found = await findTemplate(tx.db, id)
      if (!found) throw notFound(missing('endpoint template')(id))
      if (!(await give(tx.db, tenant.id, found.rows))) throw conflict(`The tenant has the endpoint ${id} already.`)
      return { endpoint: tenantEndpointView(found, tenant.id) }
    },
  }),
  operation({
    ...one,
    id: 'v2.tenant-endpoints.show',
    method: 'GET',
    summary: 'Get endpoint',
    catalog: ids('get-endpoint'),
    policy: filterRules.check,
    answer: Type.Object({ endpoint: TenantEndpoint }),
    handle: async ({ db, tenant, params }) => ({
      endpoint: tenantEndpointView(await given(db, tenant.id, params.endpoint_id), tenant.id),
    }),
  }),
  operation({
    ...one,
    id: 'v2.tenant-endpoints.delete',
    method: 'DELETE',
    summary: 'Delete endpoint',
    catalog: ids('delete-endpoint'),
    status: 204,
    policy: filterRules.remove,
    async handle({ tx, tenant, params }) {
      const { rows } = await given(tx.db, tenant.id, params.endpoint_id)
      if (!(await take(tx.db, tenant.id, rows))) throw notFound(missing('endpoint')(params.endpoint_id))
    },
  }),
]
