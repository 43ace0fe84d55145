// Passwords are hashed with scrypt on the thread pool, a few at once, so that requests go on meanwhile; clients take turns.
import { scrypt, timingSafeEqual } from 'node:crypto'
import type { Random } from '../environment.ts'
import { onThread } from '../threads.ts'
import type { Secret } from './secret.ts'

function derive(password: string | Secret, salt: Buffer, cost: number): Promise<Buffer> {
  const N = 2 ** cost
  const text = (typeof password === 'string' ? password : password.reveal()).normalize('NFKC')
  return onThread(
    () =>
      new Promise((resolve, reject) => {
        scrypt(text, salt, 32, { N, r: 8, p: 1, maxmem: 256 * N * 8 }, (error, key) => (error ? reject(error) : resolve(key)))
      }),
  )
}

/** `$scrypt$ln=15,r=8,p=1$salt$hash`; `cost` is the logarithm of N. */
export async function hashPassword(password: string | Secret, cost: number, random: Random): Promise<string> {
  const salt = random.bytes(16)
  const key = await derive(password, salt, cost)
  return `$scrypt$ln=${cost},r=8,p=1$${salt.toString('base64url')}$${key.toString('base64url')}`
}

/** Takes as long for a user without a password (`hash` null) as for a wrong one. */
export async function checkPassword(password: string | Secret, hash: string | null, cost: number): Promise<boolean> {
  const parts = /^\$scrypt\$ln=(\d+),r=8,p=1\$([\w-]+)\$([\w-]+)$/.exec(hash ?? '')
  const salt = parts ? Buffer.from(parts[2]!, 'base64url') : Buffer.alloc(16)
  const key = await derive(password, salt, parts ? Number(parts[1]) : cost)
  return parts !== null && timingSafeEqual(key, Buffer.from(parts[3]!, 'base64url'))
}
