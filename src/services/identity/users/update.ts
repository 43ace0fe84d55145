import { badRequest } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import type { User } from '../../../auth/tables.ts'
import type { Tx } from '../../../db/database.ts'
import { ensureSameId, mergeExtra, mergeOptions } from '../attributes.ts'
import { passwordHash } from './create.ts'
import { user, userRules } from './resource.ts'
import { knownUser, type UserBody, UserUpdate } from './schema.ts'
import { updateUser } from './store.ts'
import { userView } from './view.ts'

/** Changes a user. A new password, and being disabled, end all tokens of the user for ever. `hash`: of the new password, undefined to keep the old one. */
export async function changeUser(tx: Tx, row: User, body: UserBody, hash: string | null | undefined, now: string): Promise<User> {
  ensureSameId(row.id, body)
  if (body.domain_id !== undefined && body.domain_id !== row.domain_id) throw badRequest('Cannot change Domain ID.')
  const { name, enabled, description, email, default_project_id, options } = body
  const changes: Partial<User> = {
    ...(name === undefined ? {} : { name }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(description === undefined ? {} : { description }),
    ...(email === undefined ? {} : { email }),
    ...(default_project_id === undefined ? {} : { default_project_id }),
    ...(options === undefined ? {} : { options: mergeOptions(row.options, options) }),
    ...(hash === undefined ? {} : { password_hash: hash, password_changed_at: now, password_expires_at: null }),
    extra: mergeExtra(row.extra, body, knownUser),
  }
  return updateUser(tx.db, row, changes, hash !== undefined || enabled === false)
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
  async handle(context) {
    const { cloud, body, user, now } = context
    const { password } = body.user
    const hash = password === undefined ? undefined : await passwordHash(cloud, password)
    return { user: userView(await cloud.database.write((tx) => changeUser(tx, user, body.user, hash, now)), context) }
  },
})
