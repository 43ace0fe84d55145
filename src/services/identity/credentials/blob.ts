// The secret part of a credential, encrypted as tokens are but with keys of its own, which are never rotated away.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { badRequest } from '../../../api/faults.ts'
import { fernetDecrypt, fernetEncrypt } from '../../../auth/fernet.ts'
import { type KeyRepository, openKeys } from '../../../auth/keys.ts'
import type { Cloud } from '../../../cloud.ts'

const repositories = new WeakMap<Cloud, KeyRepository>()

function keysOf(cloud: Cloud): KeyRepository {
  const known = repositories.get(cloud)
  if (known) return known
  const made = openKeys(join(cloud.config.dataDir, 'credential-keys'), cloud.environment.random)
  repositories.set(cloud, made)
  return made
}

export function encryptBlob(cloud: Cloud, blob: string): string {
  const { clock, random } = cloud.environment
  return fernetEncrypt(keysOf(cloud).keys()[0]!, Buffer.from(blob), Math.floor(clock.now() / 1000), random.bytes(16))
}

/** Throws when the key is not the one it was written with. */
export function decryptBlob(cloud: Cloud, text: string): string {
  const opened = fernetDecrypt(keysOf(cloud).keys(), text, Number.POSITIVE_INFINITY)
  if (!opened) throw new Error('a credential cannot be decrypted: the folder credential-keys is not that of this database')
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
