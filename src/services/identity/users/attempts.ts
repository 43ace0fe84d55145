// Wrong passwords and passcodes: how many there were, whether the user is locked by them, and when the user was last here.

import { findUser } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Config } from '../../../config.ts'
import { countFailure, pretendFailure, updateActivity } from './store.ts'

const dayMs = 86_400_000
/** The time of the last login is not written more often. */
const activityMs = dayMs / 2

/** True while too many wrong ones lock the user (settings lockout-*). */
export function isLocked(config: Config, row: User, nowMs: number): boolean {
  const { lockoutFailureAttempts, lockoutDuration } = config
  if (!lockoutFailureAttempts || row.options.ignore_lockout_failure_attempts === true) return false
  if (row.failed_auth_count < lockoutFailureAttempts || row.failed_auth_at === null) return false
  return lockoutDuration === 0 || Date.parse(row.failed_auth_at) + lockoutDuration * 1000 > nowMs
}

/** True when the user has been away for so long that the account counts as disabled (setting disable-user-account-days-inactive). */
export function isInactive(config: Config, row: Pick<User, 'last_active_at' | 'created_at' | 'options'>, nowMs: number): boolean {
  const days = config.disableUserAccountDaysInactive
  if (!days || row.options.ignore_user_inactivity === true) return false
  return Date.parse(row.last_active_at ?? row.created_at) + days * dayMs <= nowMs
}

/**
 * Counts a wrong proof. Where users are locked there is one write in any case, also for a user who is not there or is locked already:
 * the answer takes as long.
 */
export async function noteFailure(cloud: Cloud, row: User | undefined): Promise<void> {
  const { config, database, environment } = cloud
  const { lockoutFailureAttempts, lockoutDuration } = config
  if (!lockoutFailureAttempts) return
  const nowMs = environment.clock.now()
  const counts = row && !isLocked(config, row, nowMs)
  // What is as old as this locks no more: counting begins anew.
  const forgotten = lockoutDuration === 0 ? '' : new Date(nowMs - lockoutDuration * 1000).toISOString()
  await database.write(({ db }) =>
    counts ? countFailure(db, row.id, lockoutFailureAttempts, forgotten, new Date(nowMs).toISOString()) : pretendFailure(db),
  )
}

/** Notes a right proof. False when the user was locked while it was checked: of many guesses at once no more count than one after the other. */
export async function noteSuccess(cloud: Cloud, id: string): Promise<boolean> {
  const row = await findUser(cloud.database.read, id)
  if (!row || isLocked(cloud.config, row, cloud.environment.clock.now())) return false
  await noteActivity(cloud, row, row.failed_auth_count ? { failed_auth_count: 0, failed_auth_at: null } : {})
  return true
}

/** Notes that the user was here, when it is long since the last time; `also` in any case. */
export async function noteActivity(cloud: Cloud, row: User, also: Parameters<typeof updateActivity>[2] = {}): Promise<void> {
  const nowMs = cloud.environment.clock.now()
  const stale = row.last_active_at === null || Date.parse(row.last_active_at) + activityMs <= nowMs
  const changes = { ...also, ...(stale ? { last_active_at: new Date(nowMs).toISOString() } : {}) }
  if (Object.keys(changes).length) await cloud.database.write(({ db }) => updateActivity(db, row.id, changes))
}
