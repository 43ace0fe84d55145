// Auth receipts: what a user has proven so far, for a login that needs several factors. Sealed under keys that follow from those of tokens,
// so that neither is ever taken for the other.
import { createHmac } from 'node:crypto'
import { decode, encode } from '@msgpack/msgpack'
import type { Environment } from '../environment.ts'
import { type FernetKey, fernetDecrypt, fernetEncrypt, fernetKey } from './fernet.ts'
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

const derived = new WeakMap<FernetKey, FernetKey>()
function receiptKey(key: FernetKey): FernetKey {
  const known = derived.get(key)
  if (known) return known
  const made = fernetKey(
    createHmac('sha256', Buffer.concat([key.signing, key.encryption]))
      .update('nephos auth receipt')
      .digest(),
  )
  derived.set(key, made)
  return made
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
  return {
    issue(content) {
      const issuedAt = Math.floor(clock.now() / 1000)
      const receipt = { ...content, issuedAt, expiresAt: issuedAt + lifetimeSeconds }
      const payload = encode([receipt.userId, receipt.methods, receipt.epoch, receipt.expiresAt])
      return { text: fernetEncrypt(receiptKey(keys.keys()[0]!), payload, issuedAt, random.bytes(16)), receipt }
    },
    read(text) {
      const opened = fernetDecrypt(keys.keys().map(receiptKey), text)
      if (!opened) return null
      const [userId, methods, epoch, expiresAt] = decode(opened.payload) as [string, string[], number, number]
      return expiresAt * 1000 <= clock.now() ? null : { userId, methods, epoch, issuedAt: opened.seconds, expiresAt }
    },
  }
}
