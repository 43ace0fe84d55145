import { Type } from 'typebox'
import { badRequest } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { ensureSameId, mergeExtra, mergeOptions } from '../attributes.ts'
import { tellIdentity } from '../events.ts'
import { refuseDirectoryUser } from '../ldap/guard.ts'
import { federatedOf, setFederated } from './federated.ts'
import { keepInHistory, type NewPassword, passwordColumns, passwordHash } from './passwords.ts'
import { user, userRules } from './resource.ts'
import { knownUser, User as Shape, type UserBody, UserUpdate } from './schema.ts'
import { updateUser } from './store.ts'
import { userView } from './view.ts'

/** Changes a user. A new password, and being disabled, end all tokens of the user for ever; being enabled unlocks. `password`: undefined keeps the old one, null takes it away. */
export async function changeUser(
  cloud: Cloud,
  tx: Tx,
  row: User,
  body: UserBody,
  password: NewPassword | null | undefined,
  now: string,
): Promise<User> {
  ensureSameId(row.id, body)
  if (body.domain_id !== undefined && body.domain_id !== row.domain_id) throw badRequest('Cannot change Domain ID.')
  const { name, enabled, description, email, default_project_id, options } = body
  const merged = mergeOptions(row.options, options)
  if (password !== undefined) await keepInHistory(tx.db, row, password, now)
  const changes: Partial<User> = {
    ...(name === undefined ? {} : { name }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(enabled === true ? { failed_auth_count: 0, failed_auth_at: null, last_active_at: now } : {}),
    ...(description === undefined ? {} : { description }),
    ...(email === undefined ? {} : { email }),
    ...(default_project_id === undefined ? {} : { default_project_id }),
    ...(options === undefined ? {} : { options: merged }),
    ...(password === undefined ? {} : passwordColumns(password, merged, now, 'administrator')),
    extra: mergeExtra(row.extra, body, knownUser),
  }
  const ends = password !== undefined || enabled === false
  if (ends) await noteRevocation(tx.db, now, { user_id: row.id })
  await tellIdentity(cloud, tx, 'user', 'updated', row.id)
  return updateUser(tx.db, row, changes, ends)
}

export const update = operation({
  id: 'users.update',
  method: 'PATCH',
  path: '/users/{user_id}',
  majors: ['v3'],
  summary: 'Update a user',
  catalog: ['identity-v3.users.update-user'],
  body: UserUpdate,
  on: user,
  transaction: 'none',
  policy: userRules.update,
  guard: refuseDirectoryUser,
  answer: Type.Object({ user: Shape }),
  async handle(context) {
    const { cloud, body, user, now } = context
    const { password, federated } = body.user
    const hash = password === undefined ? undefined : await passwordHash(cloud, password)
    const row = await context.write(async (tx) => {
      const changed = await changeUser(cloud, tx, user, body.user, hash, now)
      if (federated) await setFederated(tx.db, changed, federated, now)
      return changed
    })
    return { user: userView(row, context, (await federatedOf(cloud.database.read, [row.id])).get(row.id)) }
  },
})
