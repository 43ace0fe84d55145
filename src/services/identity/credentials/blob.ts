// The secret part of a credential, encrypted as tokens are but with keys of its own.
import { createHash } from 'node:crypto'
import { badRequest } from '../../../api/faults.ts'
import { fernetDecrypt, fernetEncrypt } from '../../../auth/fernet.ts'
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

/** The id of an EC2 credential follows from its access key. Throws 400 for a blob without one. */
export function ec2Id(blob: string): string {
  let access: unknown
  try {
    access = (JSON.parse(blob) as { access?: unknown } | null)?.access
  } catch {
    access = undefined
  }
  if (typeof access !== 'string' || !access)
    throw badRequest('Invalid blob in credential: an EC2 credential is a JSON object with access and secret.')
  return createHash('sha256').update(access).digest('hex')
}
