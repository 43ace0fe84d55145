// The secret part of a credential, encrypted as tokens are but with keys of its own.
import { createHash } from 'node:crypto'
import { badRequest } from '../../../api/faults.ts'
import { fernetDecrypt, fernetEncrypt } from '../../../auth/fernet.ts'
import type { CredentialRow } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'

export function encryptBlob(cloud: Cloud, blob: string): string {
  const { clock, random } = cloud.environment
  return fernetEncrypt(cloud.keys.credential.keys()[0]!, Buffer.from(blob), Math.floor(clock.now() / 1000), random.bytes(16))
}

/** Throws when the key is not the one it was written with. */
export function decryptBlob(cloud: Cloud, text: string): string {
  const opened = fernetDecrypt(cloud.keys.credential.keys(), text, Number.POSITIVE_INFINITY)
  if (!opened) throw new Error('a credential cannot be decrypted: it is under none of the keys of this cloud')
  return opened.payload.toString()
}

export interface Ec2Keys {
  access: string
  secret: string
}

/** What a blob holds; of a text that is no object, nothing. */
function contentOf(blob: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(blob)
    return content !== null && typeof content === 'object' ? (content as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The keys of an EC2 credential. An empty secret signs nothing: whoever knows the access key could. */
export function ec2Keys(cloud: Cloud, row: Pick<CredentialRow, 'type' | 'encrypted_blob'>): Ec2Keys | null {
  if (row.type !== 'ec2') return null
  const { access, secret, ...more } = contentOf(decryptBlob(cloud, row.encrypted_blob))
  // Keys that were made elsewhere with a delegated token carry less than the user's roles: they are not honoured here.
  if (more.trust_id || more.app_cred_id || more.access_token_id) return null
  return typeof access === 'string' && typeof secret === 'string' && secret ? { access, secret } : null
}

/** The id of an EC2 credential follows from its access key. Throws 400 for a blob without one, or without a secret that can sign. */
export function ec2Id(blob: string): string {
  const { access, secret } = contentOf(blob)
  if (typeof access !== 'string' || !access)
    throw badRequest('Invalid blob in credential: an EC2 credential is a JSON object with access and secret.')
  if (typeof secret !== 'string' || !secret)
    throw badRequest('Invalid blob in credential: the secret of an EC2 credential is a text that is not empty.')
  return createHash('sha256').update(access).digest('hex')
}
