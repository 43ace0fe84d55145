// New keys, on request and by the calendar.
import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import type { Environment } from '../environment.ts'
import type { Keys, Purpose } from './keys.ts'
import { reencrypt } from './reencrypt.ts'

interface Parts {
  config: Config
  environment: Environment
  database: Database
  keys: Keys
}

const dayMs = 86_400_000

/** New keys of tokens or of secrets; the latter are then put under the new one. Gives how many secrets that were. */
export async function rotateKeys({ database, environment, keys }: Omit<Parts, 'config'>, purpose: Purpose): Promise<number> {
  await keys.rotate(purpose)
  return purpose === 'token' ? 0 : settle({ database, environment, keys })
}

async function settle({ database, environment, keys }: Omit<Parts, 'config'>): Promise<number> {
  const changed = await reencrypt({ database, environment, keys: keys.credential })
  await keys.release()
  return changed
}

/** What is due: new keys where the setting says so, the rest of a rotation that was broken off, and dropping what has run out. */
export async function keepKeysFresh(parts: Parts): Promise<void> {
  const { config, keys } = parts
  await keys.refresh()
  const days = config.keyRotationDays
  for (const purpose of ['token', 'credential'] as const) await keys.rotate(purpose, days ? days * dayMs : Number.POSITIVE_INFINITY)
  const states = await keys.status()
  if (states.some(({ purpose, state }) => purpose === 'credential' && state === 'old')) await settle(parts)
}
