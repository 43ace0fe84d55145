// Identity v2.0 (reference 8 to 10): the same users, projects and roles, seen as users and tenants of the default domain.
import type { IncomingMessage } from 'node:http'
import type { Static } from 'typebox'
import { resource } from '../../../api/operation.ts'
import { findProject, findUser } from '../../../auth/store.ts'
import type { Project, User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import { missing } from '../attributes.ts'
import { defaultDomainId } from '../bootstrap.ts'
import { projectTarget } from '../projects/resource.ts'
import { userTarget } from '../users/resource.ts'
import type { Tenant, User as UserShape } from './schema.ts'

/** Operations of this version; `own` after it. */
export const v2 = { majors: ['v2.0'] } as const

/** Null where one port serves all: then what was asked cannot be told by the port. */
export function isAdminPort({ config }: Cloud, request: IncomingMessage): boolean | null {
  return config.singlePort === null ? request.socket.localPort === 35357 + config.portOffset : null
}

export const tenant = resource<'tenant', Project>({
  name: 'tenant',
  param: 'tenant_id',
  async load(id, { db }) {
    const row = await findProject(db, id)
    return row && !row.is_domain && row.domain_id === defaultDomainId ? row : undefined
  },
  target: projectTarget,
  missing: missing('project'),
  hidden: true,
})

export const user = resource<'user', User>({
  name: 'user',
  param: 'user_id',
  async load(id, { db }) {
    const row = await findUser(db, id)
    return row?.domain_id === defaultDomainId ? row : undefined
  },
  target: userTarget,
  missing: missing('user'),
  hidden: true,
})

/** `HP-IDM-serviceId`, `serviceId`: only roles named after one of these services, `ID:role`, and those after none. */
export function rolesFor<Role extends { name: string }>(roles: Role[], services: string | null): Role[] {
  if (!services) return roles
  const wanted = services.split(',')
  return roles.filter(({ name }) => !name.includes(':') || wanted.includes(name.split(':')[0]!))
}

export const tenantView = (row: Project): Static<typeof Tenant> => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  description: row.description,
  enabled: row.enabled,
})

export const userView = (row: User): Static<typeof UserShape> => ({
  ...row.extra,
  id: row.id,
  name: row.name,
  username: row.name,
  enabled: row.enabled,
  email: row.email,
  ...(row.default_project_id === null ? {} : { tenantId: row.default_project_id }),
})
