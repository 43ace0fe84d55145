// The algorithms of the chapter: HMAC-SHA-256, AES-128-CBC and HKDF (RFC 5869). All texts are base64.
import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto'

/** Length of every key, in bytes. */
export const keyLength = 16

export const sign = (key: Buffer, text: string): string => createHmac('sha256', key).update(text).digest('base64')

export function isSignedBy(key: Buffer, text: string, signature: string): boolean {
  const [a, b] = [Buffer.from(sign(key, text)), Buffer.from(signature)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** IV and ciphertext; `iv` are 16 random bytes. */
export function encrypt(key: Buffer, text: string, iv: Buffer): string {
  const cipher = createCipheriv('aes-128-cbc', key, iv)
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]).toString('base64')
}

/** HKDF-Expand to 256 bits: the first half signs, the second encrypts. */
export function expand(key: Buffer, info: string): { signing: Buffer; encryption: Buffer } {
  const bytes = createHmac('sha256', key)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
  return { signing: bytes.subarray(0, keyLength), encryption: bytes.subarray(keyLength) }
}
