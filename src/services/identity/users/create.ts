import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { extraOf, mergeOptions, missing } from '../attributes.ts'
import { findDomain } from '../domains/domains.ts'
import { tellIdentity } from '../events.ts'
import { refuseDirectoryDomain } from '../ldap/guard.ts'
import { homeDomain } from '../projects/create.ts'
import { federatedOf, setFederated } from './federated.ts'
import { type NewPassword, passwordColumns, passwordHash } from './passwords.ts'
import { userRules, userTarget } from './resource.ts'
import { knownUser, User as Shape, type UserBody, UserCreate } from './schema.ts'
import { insertUser } from './store.ts'
import { userView } from './view.ts'

export { passwordHash } from './passwords.ts'

/** Makes a user; the password was hashed before, outside of the transaction. */
export async function addUser(
  cloud: Cloud,
  tx: Tx,
  body: UserBody & { name: string; domain_id: string },
  password: NewPassword | null,
  now: string,
): Promise<User> {
  if (!(await findDomain(tx.db, body.domain_id))) throw notFound(missing('domain')(body.domain_id))
  const row: User = {
    id: cloud.environment.hexId(),
    name: body.name,
    domain_id: body.domain_id,
    enabled: body.enabled ?? true,
    ...passwordColumns(password, body.options ?? {}, now, 'administrator'),
    default_project_id: body.default_project_id ?? null,
    email: body.email ?? null,
    description: body.description ?? null,
    token_epoch: 0,
    failed_auth_count: 0,
    failed_auth_at: null,
    last_active_at: null,
    extra: extraOf(body, knownUser),
    options: mergeOptions({}, body.options),
    created_at: now,
  }
  await insertUser(tx.db, row)
  await tellIdentity(cloud, tx, 'user', 'created', row.id)
  return row
}

export const create = operation({
  id: 'users.create',
  method: 'POST',
  path: '/users',
  majors: ['v3'],
  summary: 'Create a user',
  catalog: ['identity-v3.users.create-user'],
  body: UserCreate,
  status: 201,
  transaction: 'none',
  policy: userRules.create,
  guard: (context) => refuseDirectoryDomain(context, context.body.user.domain_id ?? homeDomain(context.who)),
  policyTarget: ({ body, who }) => userTarget({ name: body.user.name, domain_id: body.user.domain_id ?? homeDomain(who) }),
  answer: Type.Object({ user: Shape }),
  async handle(context) {
    const { cloud, body, who, now } = context
    const hash = await passwordHash(cloud, body.user.password)
    const domain_id = body.user.domain_id ?? homeDomain(who)
    const { federated } = body.user
    const row = await context.write(async (tx) => {
      const made = await addUser(cloud, tx, { ...body.user, domain_id }, hash, now)
      if (federated) await setFederated(tx.db, made, federated, now)
      return made
    })
    return { user: userView(row, context, federated && (await federatedOf(cloud.database.read, [row.id])).get(row.id)) }
  },
})
