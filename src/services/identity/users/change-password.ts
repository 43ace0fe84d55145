import { forbidden, unauthorized } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { checkPassword } from '../../../auth/passwords.ts'
import { findUser } from '../../../auth/store.ts'
import type { Cloud } from '../../../cloud.ts'
import { passwordHash } from './create.ts'
import { PasswordChange } from './schema.ts'
import { swapPassword } from './store.ts'

/**
 * Sets a user's new password when the original one is right; ends all the user's tokens. Throws 401, the same for an unknown user
 * as for a wrong password, and 403 where the password is locked.
 */
export async function changeOwnPassword(cloud: Cloud, userId: string, original: string, password: string, now: string): Promise<void> {
  const row = await findUser(cloud.database.read, userId)
  const right = await checkPassword(original, row?.password_hash ?? null, cloud.config.passwordCost)
  if (!right || !row?.enabled) throw unauthorized()
  if (row.options.lock_password === true)
    throw forbidden('The password of this user is locked and can be changed by an administrator only.')
  const password_hash = await passwordHash(cloud, password)
  const changed = await cloud.database.write((tx) =>
    swapPassword(tx.db, row.id, row.password_hash!, { password_hash, password_changed_at: now, password_expires_at: null }),
  )
  if (!changed) throw unauthorized()
}

/** Without a token, as upstream: the original password is the proof, and an expired one can be renewed. */
export const changePassword = operation({
  id: 'users.change-password',
  method: 'POST',
  path: '/users/{user_id}/password',
  majors: ['v3'],
  summary: 'Change own password',
  catalog: [],
  auth: 'none',
  policy: null,
  body: PasswordChange,
  status: 204,
  transaction: 'none',
  handle: ({ cloud, params, body, now }) => changeOwnPassword(cloud, params.user_id, body.user.original_password, body.user.password, now),
})
