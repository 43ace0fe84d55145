// What a new password has to be like, how long it is valid, and when its user may change it (settings password-*, minimum-password-age).
import { badRequest } from '../../../api/faults.ts'
import { checkPassword, hashPassword } from '../../../auth/passwords.ts'
import type { Secret } from '../../../auth/secret.ts'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Config } from '../../../config.ts'
import { UserError } from '../../../config.ts'
import type { Db } from '../../../db/database.ts'
import { forgetPasswords, passwordHistory } from './store.ts'

const dayMs = 86_400_000

/** A password as it will be stored, with the settings that decide about it. */
export interface NewPassword {
  /** Of its row in the history, once another takes its place. */
  id: string
  hash: string
  settings: Pick<Config, 'passwordExpiresDays' | 'changePasswordUponFirstUse' | 'uniqueLastPasswordCount'>
}

const compiled = new Map<string, RegExp>()

/** As upstream, the expression holds from the start of the password on. Throws UserError for one that cannot be read. */
export function passwordPattern(source: string): RegExp {
  const known = compiled.get(source)
  if (known) return known
  try {
    const made = new RegExp(`^(?:${source})`, 'u')
    compiled.set(source, made)
    return made
  } catch (error) {
    throw new UserError(`password-regex cannot be read: ${(error as Error).message}`)
  }
}

/** The hash of a password, null where there is none. Slow on purpose: never in a transaction. Throws 400 for a password that is not as the setting asks. */
export async function passwordHash(cloud: Cloud, password: Secret | null | undefined): Promise<NewPassword | null> {
  if (password === null || password === undefined) return null
  const { config, environment } = cloud
  if (config.passwordRegex !== null && !passwordPattern(config.passwordRegex).test(password.reveal()))
    throw badRequest(
      `Password validation error: The password does not match the requirements: ${config.passwordRegexDescription ?? 'it is not what the expression of this cloud asks for'}.`,
    )
  return { id: environment.hexId(), hash: await hashPassword(password, config.passwordCost, environment.random), settings: config }
}

/** Columns of a user who gets that password; null takes the password away. `by`: an administrator's is, on request, to be changed at once. */
export function passwordColumns(
  password: NewPassword | null,
  options: User['options'],
  now: string,
  by: 'user' | 'administrator',
): Pick<User, 'password_hash' | 'password_changed_at' | 'password_expires_at' | 'self_service_password'> {
  if (!password) return { password_hash: null, password_changed_at: null, password_expires_at: null, self_service_password: false }
  const { passwordExpiresDays, changePasswordUponFirstUse } = password.settings
  const first = by === 'administrator' && changePasswordUponFirstUse && options.ignore_change_password_upon_first_use !== true
  const ends = passwordExpiresDays > 0 && options.ignore_password_expiry !== true
  return {
    password_hash: password.hash,
    password_changed_at: now,
    password_expires_at: first ? now : ends ? wholeSecond(Date.parse(now) + passwordExpiresDays * dayMs) : null,
    self_service_password: by === 'user',
  }
}

const wholeSecond = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toISOString()

/** True when the password gives no more tokens. */
export const isExpired = (row: Pick<User, 'password_expires_at' | 'options'>, now: string): boolean =>
  row.password_expires_at !== null && row.options.ignore_password_expiry !== true && row.password_expires_at <= now

/** Throws 400 when the user chose the password so lately that it cannot be changed yet. */
export function ensureOldEnough(config: Config, row: User, now: string): void {
  const days = config.minimumPasswordAge
  if (!days || !row.self_service_password || row.password_changed_at === null) return
  const left = Date.parse(row.password_changed_at) + days * dayMs - Date.parse(now)
  if (left > 0)
    throw badRequest(
      `Password validation error: You cannot change your password at this time due to the minimum password age. Once you change your password, it must be used for ${days} day(s) before it can be changed. Please try again in ${Math.ceil(left / dayMs)} day(s) or contact your administrator to reset your password.`,
    )
}

/** Throws 400 when it is one of the user's last passwords. As slow as one check for each. */
export async function ensureNotUsed(cloud: Cloud, row: User, password: Secret): Promise<void> {
  const count = cloud.config.uniqueLastPasswordCount
  if (!count) return
  const hashes = [row.password_hash, ...(await passwordHistory(cloud.database.read, row.id, count - 1))]
  for (const hash of hashes)
    if (await checkPassword(password, hash, cloud.config.passwordCost))
      throw badRequest(
        `Password validation error: The new password cannot be identical to a previous password. The total number which includes the new password must be unique is ${count}.`,
      )
}

/** Keeps the hash that another takes the place of, as far as the setting asks for. */
export async function keepInHistory(db: Db, row: User, next: NewPassword | null, now: string): Promise<void> {
  if (!next) return
  const count = next.settings.uniqueLastPasswordCount
  if (row.password_hash !== null && count > 1)
    await db
      .insertInto('identity_password_history')
      .values({ id: next.id, user_id: row.id, password_hash: row.password_hash, created_at: now })
      .execute()
  await forgetPasswords(db, row.id, Math.max(0, count - 1))
}
