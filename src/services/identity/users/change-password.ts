import { badRequest, unauthorized } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { checkPassword } from '../../../auth/passwords.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import type { Secret } from '../../../auth/secret.ts'
import { findUser } from '../../../auth/store.ts'
import type { Cloud } from '../../../cloud.ts'
import { refuseDirectoryUser } from '../ldap/guard.ts'
import { isLocked, noteFailure, noteSuccess } from './attempts.ts'
import { ensureNotUsed, ensureOldEnough, keepInHistory, passwordColumns, passwordHash } from './passwords.ts'
import { PasswordChange } from './schema.ts'
import { swapPassword } from './store.ts'

/**
 * Sets a user's new password when the original one is right; ends all the user's tokens. Throws 401, the same for an unknown or locked
 * user as for a wrong password, and 400 where the password is locked, too young, used before or not as the settings ask.
 */
export async function changeOwnPassword(cloud: Cloud, userId: string, original: Secret, password: Secret, now: string): Promise<void> {
  const { config, database, environment } = cloud
  const row = await findUser(database.read, userId)
  const right = await checkPassword(original, row?.password_hash ?? null, config.passwordCost)
  if (!right || !row?.enabled || isLocked(config, row, environment.clock.now())) {
    await noteFailure(cloud, right ? undefined : row)
    throw unauthorized()
  }
  if (!(await noteSuccess(cloud, row.id))) throw unauthorized()
  if (row.options.lock_password === true)
    throw badRequest(
      'Password validation error: You cannot change your password at this time due to password policy disallowing password changes. Please contact your administrator to reset your password.',
    )
  ensureOldEnough(config, row, now)
  await ensureNotUsed(cloud, row, password)
  const next = await passwordHash(cloud, password)
  await database.write(async ({ db }) => {
    await keepInHistory(db, row, next, now)
    await noteRevocation(db, now, { user_id: row.id })
    if (await swapPassword(db, row.id, row.password_hash!, passwordColumns(next, row.options, now, 'user'))) return
    throw unauthorized() // somebody else was first
  })
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
  guard: refuseDirectoryUser,
  body: PasswordChange,
  status: 204,
  transaction: 'none',
  handle: ({ cloud, params, body, now }) => changeOwnPassword(cloud, params.user_id, body.user.original_password, body.user.password, now),
})
