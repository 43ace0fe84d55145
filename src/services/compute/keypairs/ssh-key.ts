// SSH keys: making an RSA pair off the main thread, the one-line public form, and fingerprints.
import { createHash, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { onThread } from '../../../threads.ts'

export interface SshKey {
  publicKey: string
  fingerprint: string
}

const generate = promisify(generateKeyPair)

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A positive number in SSH's form: a zero byte before a set top bit. */
function number(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url')
  return field(bytes[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

const fingerprintOf = (blob: Buffer): string => createHash('md5').update(blob).digest('hex').match(/../g)!.join(':')

/** The line for authorized_keys of an RSA key. */
export function encodeRsa(key: KeyObject, comment: string): SshKey {
  const { e, n } = key.export({ format: 'jwk' })
  const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), number(e!), number(n!)])
  return { publicKey: `ssh-rsa ${blob.toString('base64')} ${comment}`, fingerprint: fingerprintOf(blob) }
}

/** A new RSA pair of 2048 bits: the private half as PEM. */
export async function generateSshKey(): Promise<SshKey & { privateKey: string }> {
  const { publicKey, privateKey } = await onThread(() => generate('rsa', { modulusLength: 2048, publicExponent: 0x10001 }))
  return {
    ...encodeRsa(publicKey, 'Generated-by-Nephos'),
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
  }
}

const types =
  /^(ssh-rsa|ssh-dss|ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)$/

/** Reads a line of authorized_keys; null when it is none. */
export function readPublicKey(text: string): SshKey | null {
  const line = text.trim()
  if (/[^\x20-\x7e\u00a0-\uffff]/.test(line)) return null
  const [type = '', encoded = ''] = line.split(/ +/)
  if (!types.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null
  const blob = Buffer.from(encoded, 'base64')
  if (blob.length < 8) return null
  const length = blob.readUInt32BE(0)
  if (length > blob.length - 4 || blob.subarray(4, 4 + length).toString('latin1') !== type || blob.length < 4 + length + 4) return null
  return { publicKey: text, fingerprint: fingerprintOf(blob) }
}
