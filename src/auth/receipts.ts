// Auth receipts: what a user has proven so far, for a login that needs several factors. Sealed under keys that follow from those of tokens,
// so that neither is ever taken for the other.
import { decode, encode } from '@msgpack/msgpack'
import type { Environment } from '../environment.ts'
import { derivedKeys } from './derived-keys.ts'
import { fernetDecrypt, fernetEncrypt } from './fernet.ts'
import type { KeyRepository } from './keys.ts'

export interface Receipt {
  userId: string
  methods: string[]
  /** UserRow.token_epoch when it was made: a new password ends receipts too. */
  epoch: number
  /** Seconds since the epoch. */
  issuedAt: number
  expiresAt: number
}

export interface Receipts {
  issue(content: Pick<Receipt, 'userId' | 'methods' | 'epoch'>): { text: string; receipt: Receipt }
  /** What it says, when it is ours and has not ended. */
  read(text: string): Receipt | null
}

export function createReceipts({
  environment,
  keys,
  lifetimeSeconds,
}: {
  environment: Environment
  keys: KeyRepository
  lifetimeSeconds: number
}): Receipts {
  const { clock, random } = environment
  const own = derivedKeys(keys, 'nephos auth receipt')
  return {
    issue(content) {
      const issuedAt = Math.floor(clock.now() / 1000)
      const receipt = { ...content, issuedAt, expiresAt: issuedAt + lifetimeSeconds }
      const payload = encode([receipt.userId, receipt.methods, receipt.epoch, receipt.expiresAt])
      return { text: fernetEncrypt(own.keys()[0]!, payload, issuedAt, random.bytes(16)), receipt }
    },
    read(text) {
      const opened = fernetDecrypt(own.keys(), text)
      if (!opened) return null
      const [userId, methods, epoch, expiresAt] = decode(opened.payload) as [string, string[], number, number]
      return expiresAt * 1000 <= clock.now() ? null : { userId, methods, epoch, issuedAt: opened.seconds, expiresAt }
    },
  }
}
