// Hashes of passwords and keys fill threads of the pool that does the work with files: whoever asks for many must not stop all files.
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { test } from 'node:test'
import { hashPassword } from './auth/passwords.ts'
import { createEnvironment } from './environment.ts'
import { generateSshKey } from './services/compute/keypairs/ssh-key.ts'
import { testCloud } from './testing/test-cloud.ts'
import { asClient, onThread } from './threads.ts'

const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make)

/** How many files are looked at, one after the other, until half of the work is done. */
async function filesDuring(work: Promise<unknown>[]): Promise<number> {
  let done = 0
  const all = Promise.all(work.map((one) => one.then(() => done++)))
  let files = 0
  for (; done < work.length / 2; files++) await stat(import.meta.filename)
  await all
  return files
}

test('security-25: work with files goes on beside many hashes and keys', async () => {
  const { random } = createEnvironment()
  const hash = () => hashPassword('password', 15, random)
  // With all threads taken each look waits for a hash or a key to end.
  for (const work of [() => times(16, hash), () => times(16, generateSshKey), () => [...times(8, hash), ...times(8, generateSshKey)]]) {
    const files = await filesDuring(work())
    assert.ok(files > 50, `${files} files`)
  }
})

test('security-25: keys of one user wait in a line that ends, and none is made for a name that is taken', async () => {
  await using cloud = await testCloud()
  const [member, other] = [await cloud.as('member'), await cloud.as('member', 'other')]
  const make = (by: typeof member, name: string) => by.post('/compute/v2.1/os-keypairs', { keypair: { name } })
  await make(member, 'taken')
  await other.token()
  const { promise, resolve } = Promise.withResolvers<void>()
  const line = times(70, () => asClient(member.login.userId!, () => onThread(() => promise)))
  const waiting = Promise.allSettled(line)
  try {
    assert.equal((await make(member, 'taken')).status, 409)
    const refused = await make(member, 'one more')
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
    const next = make(other, 'key')
    resolve()
    assert.equal((await next).status, 200)
  } finally {
    resolve()
    await waiting
  }
  assert.equal((await make(member, 'one more')).status, 200)
})
