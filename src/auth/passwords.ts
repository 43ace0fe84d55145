// Passwords are hashed with scrypt on the thread pool, a few at once, so that requests go on meanwhile; clients take turns.
import { AsyncLocalStorage } from 'node:async_hooks'
import { scrypt, timingSafeEqual } from 'node:crypto'
import type { Random } from '../environment.ts'
import type { Secret } from './secret.ts'
import { createTurns, lineOf } from './turns.ts'

const turns = createTurns({ atOnce: 4, ofClient: 64, inAll: 1024 })
const client = new AsyncLocalStorage<string>()

/** Runs what may hash passwords for a client: its hashes wait in a line of its own, and throw TooManyWaiting when that is long. */
export const asClient = <T>(address: string, work: () => T): T => client.run(lineOf(address), work)

async function derive(password: string | Secret, salt: Buffer, cost: number): Promise<Buffer> {
  await turns.take(client.getStore() ?? '')
  try {
    return await new Promise((resolve, reject) => {
      const N = 2 ** cost
      scrypt(
        (typeof password === 'string' ? password : password.reveal()).normalize('NFKC'),
        salt,
        32,
        { N, r: 8, p: 1, maxmem: 256 * N * 8 },
        (error, key) => (error ? reject(error) : resolve(key)),
      )
    })
  } finally {
    turns.give()
  }
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
