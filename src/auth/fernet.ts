// Fernet: AES-128-CBC with HMAC-SHA256 over version, time, IV and ciphertext, base64url.
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'

export interface FernetKey {
  signing: Buffer
  encryption: Buffer
}

export function fernetKey(bytes: Buffer): FernetKey {
  if (bytes.length !== 32) throw new Error('a Fernet key has 32 bytes')
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) }
}

/** `seconds` since the epoch goes into the token in the clear; `iv` are 16 random bytes. */
export function fernetEncrypt(key: FernetKey, payload: Uint8Array, seconds: number, iv: Buffer): string {
  const head = Buffer.alloc(9)
  head[0] = 0x80
  head.writeBigUInt64BE(BigInt(seconds), 1)
  const cipher = createCipheriv('aes-128-cbc', key.encryption, iv)
  const signed = Buffer.concat([head, iv, cipher.update(payload), cipher.final()])
  const mac = createHmac('sha256', key.signing).update(signed).digest()
  return Buffer.concat([signed, mac]).toString('base64url')
}

/** The payload and the time when it was made, or null when no key fits or anything was changed. */
export function fernetDecrypt(keys: FernetKey[], token: string, maxLength = 4096): { payload: Buffer; seconds: number } | null {
  if (token.length > maxLength || !/^[A-Za-z0-9_-]+={0,2}$/.test(token)) return null
  const data = Buffer.from(token, 'base64url')
  if (data.length < 73 || data[0] !== 0x80 || (data.length - 57) % 16 !== 0) return null
  const signed = data.subarray(0, -32)
  const mac = data.subarray(-32)
  for (const key of keys) {
    if (!timingSafeEqual(createHmac('sha256', key.signing).update(signed).digest(), mac)) continue
    try {
      const decipher = createDecipheriv('aes-128-cbc', key.encryption, signed.subarray(9, 25))
      const payload = Buffer.concat([decipher.update(signed.subarray(25)), decipher.final()])
      return { payload, seconds: Number(signed.readBigUInt64BE(1)) }
    } catch {
      return null
    }
  }
  return null
}
