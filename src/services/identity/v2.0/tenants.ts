// Tenants (reference 8.2.2, 9.4, 10.1.9 to 10.1.14): projects of the default domain.
import { Type } from 'typebox'
import { forbidden, notFound } from '../../../api/faults.ts'
import { listing } from '../../../api/listing.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Project } from '../../../auth/tables.ts'
import { projectsOfUser } from '../assignments/store.ts'
import { Description, missing, ShortName } from '../attributes.ts'
import { defaultDomainId } from '../bootstrap.ts'
import { ofOwnDomain } from '../collection.ts'
import { addProject } from '../projects/create.ts'
import { removeProject } from '../projects/delete.ts'
import { createProject, deleteProject, getProject, projectTarget, updateProject } from '../projects/resource.ts'
import { projectQuery, usableProjects } from '../projects/store.ts'
import { changeProject } from '../projects/update.ts'
import { userRules } from '../users/resource.ts'
import { isAdminPort, tenant, tenantView, userView, v2 } from './common.ts'
import { PageQuery, page, v2Style } from './page.ts'
import { Paged, Tenant, User } from './schema.ts'
import { listUsersOnProject } from './store.ts'

const attributes = { description: Type.Optional(Description), enabled: Type.Optional(Type.Boolean()) }
const Create = Type.Object({ tenant: Type.Object({ name: ShortName, ...attributes }) })
const Update = Type.Object({ tenant: Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(ShortName), ...attributes }) })
const ofV3 = ['domain_id', 'parent_id', 'is_domain', 'tags', 'options']
const plain = <T extends object>(body: T) => Object.fromEntries(Object.entries(body).filter(([name]) => !ofV3.includes(name))) as T

const One = Type.Object({ tenant: Tenant })
const tenantList = listing({
  style: v2Style,
  many: 'tenants',
  path: '/tenants',
  filters: { name: 'name' },
  sortKeys: { name: 'name', id: 'id' },
  defaultSort: [['name', 'asc']],
  id: 'id',
  maxLimit: 10_000,
})

const list = operation({
  ...v2,
  id: 'v2.tenants.list',
  method: 'GET',
  path: '/tenants',
  summary: 'List tenants',
  catalog: [
    'identity-v2.0.tokens.list-tenants',
    'identity-v2.0-admin.tenants.list-tenants',
    'identity-v2.0-admin.tenants.get-tenant-information-by-name',
  ],
  policy: rule('identity:list_tenants', '', 'List the tenants of the token (public port) or all (admin port, by identity:list_projects).'),
  policyTarget: () => ({}),
  query: tenantList.query,
  // With a name it is that tenant.
  answer: Type.Union([tenantList.answer(Tenant), One]),
  async handle(context) {
    const { db, who, cloud, request, rawQuery, allows } = context
    // The admin port lists all tenants, the public one those of the token; with one port for both, it depends on the asker.
    const admin = isAdminPort(cloud, request)
    const all = allows('identity:list_projects')
    if (admin && !all) throw deniedList()
    const ids = admin || (admin === null && all) ? undefined : await usableProjects(db, await projectsOfUser(db, who.user.id))
    const ofDefault = projectQuery(db, false, {}, ids).where('domain_id', '=', defaultDomainId)
    const query = ids ? ofDefault : ofOwnDomain(who, ofDefault)
    const name = rawQuery.get('name')
    const page = await tenantList.page<Project>(context, query)
    if (name === null) return tenantList.body(context, page, page.rows.map(tenantView))
    if (!page.rows[0]) throw notFound(missing('project')(name))
    return { tenant: tenantView(page.rows[0]) }
  },
})

/** Reference 10.1.10 has POST; upstream took PUT for the same, and gophercloud sends that. */
const change = (id: string, method: 'POST' | 'PUT', catalog: string[]) =>
  operation({
    ...v2,
    id,
    method,
    path: '/tenants/{tenant_id}',
    summary: 'Update tenant',
    catalog,
    body: Update,
    on: tenant,
    policy: updateProject,
    answer: One,
    handle: async ({ cloud, tx, tenant, body }) => ({ tenant: tenantView(await changeProject(cloud, tx, tenant, plain(body.tenant))) }),
  })

export const v2Tenants = [
  list,
  operation({
    ...v2,
    id: 'v2.tenants.show',
    method: 'GET',
    path: '/tenants/{tenant_id}',
    summary: 'Get tenant information by ID',
    catalog: ['identity-v2.0-admin.tenants.get-tenant-information-by-id'],
    on: tenant,
    policy: getProject,
    answer: One,
    handle: async ({ tenant }) => ({ tenant: tenantView(tenant) }),
  }),
  operation({
    ...v2,
    id: 'v2.tenants.create',
    method: 'POST',
    path: '/tenants',
    summary: 'Create tenant',
    catalog: ['identity-v2.0-ext.os-ksadm-admin-extension.create-tenant'],
    body: Create,
    policy: createProject,
    policyTarget: ({ body }) => projectTarget({ id: '', name: body.tenant.name, is_domain: false, domain_id: defaultDomainId }),
    answer: One,
    handle: async ({ cloud, tx, body, now }) => ({
      tenant: tenantView(await addProject(cloud, tx, plain(body.tenant), defaultDomainId, now)),
    }),
  }),
  change('v2.tenants.update', 'POST', ['identity-v2.0-ext.os-ksadm-admin-extension.update-tenant']),
  change('v2.tenants.replace', 'PUT', []),
  operation({
    ...v2,
    id: 'v2.tenants.delete',
    method: 'DELETE',
    path: '/tenants/{tenant_id}',
    summary: 'Delete tenant',
    catalog: ['identity-v2.0-ext.os-ksadm-admin-extension.delete-tenant'],
    status: 204,
    on: tenant,
    policy: deleteProject,
    handle: ({ cloud, tx, tenant, now }) => removeProject(cloud, tx, tenant, now),
  }),
  operation({
    ...v2,
    id: 'v2.tenants.users',
    method: 'GET',
    path: '/tenants/{tenant_id}/users',
    summary: 'List users on a tenant',
    catalog: ['identity-v2.0-ext.os-ksadm-admin-extension.list-users-on-a-tenant'],
    on: tenant,
    policy: userRules.list,
    query: PageQuery,
    answer: Paged('users', User),
    async handle(context) {
      const { db, tenant } = context
      const { rows, links } = page(context, `/tenants/${tenant.id}/users`, await listUsersOnProject(db, tenant.id))
      return { users: rows.map(userView), users_links: links }
    },
  }),
]

function deniedList() {
  return forbidden("Policy doesn't allow identity:list_projects to be performed.")
}
