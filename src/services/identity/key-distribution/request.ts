// What a party asks with the signature of its long-term key: base64 of JSON, used once and in time.
import { Type } from 'typebox'
import { badRequest, notFound, unauthorized } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { PartyKeyRow } from '../../../auth/delegation-tables.ts'
import type { Cloud } from '../../../cloud.ts'
import { decryptBlob } from '../credentials/blob.ts'
import { useNonce } from '../oauth1/store.ts'
import { isSignedBy } from './crypto.ts'
import { newestKey } from './store.ts'

/** The skew of clocks that is borne. */
const windowMs = 300_000

export const Signed = Type.Object({
  metadata: Type.String({ minLength: 1, maxLength: 4096 }),
  signature: Type.String({ minLength: 1, maxLength: 128 }),
})
export const partyName = '^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$'

export interface SignedRequest {
  source: string
  destination: string
  timestamp: string
  sourceKey: Buffer
  sourceGeneration: number
}

export const keyOf = (cloud: Cloud, row: PartyKeyRow): Buffer => Buffer.from(decryptBlob(cloud, row.encrypted_key), 'base64')

/** Throws 400 for what cannot be read, 401 for a signature that is wrong, old, or was used. */
export async function verifyRequest(
  context: BaseContext,
  { metadata, signature }: { metadata: string; signature: string },
): Promise<SignedRequest> {
  const { cloud, db } = context
  let read: Record<string, unknown>
  try {
    read = JSON.parse(Buffer.from(metadata, 'base64').toString()) as Record<string, unknown>
  } catch {
    throw badRequest('The metadata is not base64 of a JSON object.')
  }
  const { source, destination, timestamp, nonce } = read ?? {}
  const isName = (value: unknown): value is string => typeof value === 'string' && new RegExp(partyName).test(value)
  if (!isName(source) || !isName(destination) || typeof timestamp !== 'string' || !['string', 'number'].includes(typeof nonce))
    throw badRequest('The metadata has source, destination, timestamp and nonce.')
  const row = await newestKey(db, source, false)
  const sourceKey = row ? keyOf(cloud, row) : Buffer.alloc(16)
  const ms = cloud.environment.clock.now()
  const made = Date.parse(/Z$/.test(timestamp) ? timestamp : `${timestamp}Z`)
  if (!isSignedBy(sourceKey, metadata, signature) || !row || !(Math.abs(ms - made) <= windowMs)) throw unauthorized()
  const fresh = await context.write((tx) => useNonce(tx.db, ['kds', source, timestamp, String(nonce)], ms, 2 * 600_000))
  if (!fresh) throw unauthorized()
  return { source, destination, timestamp, sourceKey, sourceGeneration: row.generation }
}

export const noParty = (name: string) => notFound(`Could not find key: ${name.slice(0, 255)}.`)
