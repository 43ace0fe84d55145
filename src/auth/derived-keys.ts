// Keys that follow from others: what is sealed for one purpose is never taken for that of another.
import { createHmac } from 'node:crypto'
import { type FernetKey, fernetKey } from './fernet.ts'
import type { KeyRepository } from './keys.ts'

/** The same keys in the same order, for that purpose alone: `nephos auth receipt`. */
export function derivedKeys(from: KeyRepository, purpose: string): KeyRepository {
  const known = new WeakMap<FernetKey, FernetKey>()
  const derive = (key: FernetKey): FernetKey => {
    const made =
      known.get(key) ??
      fernetKey(
        createHmac('sha256', Buffer.concat([key.signing, key.encryption]))
          .update(purpose)
          .digest(),
      )
    known.set(key, made)
    return made
  }
  return { keys: () => from.keys().map(derive) }
}
