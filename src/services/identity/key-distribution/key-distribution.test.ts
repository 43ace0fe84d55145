import assert from 'node:assert/strict'
import { createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ask, shiftedClock } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { expand } from './crypto.ts'

const decrypt = (key: Buffer, text: string) => {
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-128-cbc', key, bytes.subarray(0, 16))
  return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString()
}
const sign = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('base64')
const signed = (key: Buffer, ms: number, source: string, destination: string, nonce: string | number = randomBytes(4).readUInt32BE()) => {
  const timestamp = new Date(ms).toISOString().replace('Z', '000')
  const metadata = Buffer.from(JSON.stringify({ source, destination, timestamp, nonce })).toString('base64')
  return { metadata, signature: sign(key, metadata) }
}

test('the derivation is that of RFC 5869', () => {
  const input = randomBytes(32)
  const prk = createHmac('sha256', Buffer.alloc(32)).update(input).digest()
  const right = Buffer.from(hkdfSync('sha256', input, Buffer.alloc(32), 'a,b,c', 32))
  const { signing, encryption } = expand(prk, 'a,b,c')
  assert.deepEqual(Buffer.concat([signing, encryption]), right)
})

test('two parties, and the members of a group, share keys that nobody else can read', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const admin = await cloud.admin.token()
  const [scheduler, compute] = [randomBytes(16), randomBytes(16)]
  const give = (name: string, key: Buffer | string, expected = 201, token: string | null = admin) =>
    ask(cloud, token, 'POST', `/v1/keys/${name}`, { body: { key: key.toString('base64') }, expected })
  assert.deepEqual((await give('scheduler.a', randomBytes(16))).body, { name: 'scheduler.a', generation: 1 })
  assert.deepEqual((await give('scheduler.a', scheduler)).body, { name: 'scheduler.a', generation: 2 })
  await give('compute.b', compute)
  await give('short', randomBytes(15), 400)
  await give('a%0Ab', randomBytes(16), 400)
  await give('x', randomBytes(16), 401, null)
  await give('x', randomBytes(16), 403, await (await cloud.as('member')).token())
  const ticketFor = (body: object, expected = 201) => ask(cloud, null, 'POST', '/v1/tickets', { body, expected })

  const open = async (destination: string, theirs: () => Promise<Buffer>) => {
    const { body } = await ticketFor(signed(scheduler, clock.now(), 'scheduler.a', destination))
    assert.equal(body.signature, sign(scheduler, body.metadata + body.ticket))
    const metadata = JSON.parse(Buffer.from(body.metadata, 'base64').toString())
    assert.equal(metadata.source, 'scheduler.a:2')
    const { skey, ekey, esek } = JSON.parse(decrypt(scheduler, body.ticket))
    const payload = JSON.parse(decrypt(await theirs(), esek))
    const own = expand(Buffer.from(payload.key, 'base64'), `scheduler.a,${destination},${payload.timestamp}`)
    assert.equal(own.signing.toString('base64'), skey)
    assert.equal(own.encryption.toString('base64'), ekey)
  }
  await open('compute.b', async () => compute)

  const right = signed(scheduler, clock.now(), 'scheduler.a', 'compute.b', 'once')
  await ticketFor(right)
  await ticketFor(right, 401)
  await ticketFor(signed(compute, clock.now(), 'scheduler.a', 'compute.b'), 401)
  await ticketFor(signed(scheduler, clock.now() - 310_000, 'scheduler.a', 'compute.b'), 401)
  await ticketFor(signed(scheduler, clock.now(), 'nobody', 'compute.b'), 401)
  await ticketFor(signed(scheduler, clock.now(), 'scheduler.a', 'nobody'), 404)
  await ticketFor({ metadata: 'e30=', signature: 'x' }, 400)
  await ticketFor({ metadata: 5, signature: 'x' }, 400)

  assert.deepEqual((await ask(cloud, admin, 'POST', '/v1/groups/compute', { expected: 201 })).body, { name: 'compute' })
  const groupKey = async (key: Buffer, name: string, expected: number) =>
    (await ask(cloud, null, 'GET', `/v1/groups?${new URLSearchParams(signed(key, clock.now(), name, 'compute'))}`, { expected })).body
  await groupKey(compute, 'compute.b', 404)
  await open('compute', async () => {
    const body = await groupKey(compute, 'compute.b', 201)
    assert.equal(body.signature, sign(compute, body.metadata + body.group_key))
    return Buffer.from(decrypt(compute, body.group_key), 'base64')
  })
  await groupKey(scheduler, 'scheduler.a', 403)
  clock.shift(1_900_000)
  await groupKey(compute, 'compute.b', 404)
  const rows = JSON.stringify(await cloud.cloud.database.read.selectFrom('identity_party_keys').selectAll().execute())
  assert.ok(!rows.includes(compute.toString('base64')))
  await ask(cloud, admin, 'DELETE', '/v1/groups/compute', { expected: 204 })
  await ask(cloud, admin, 'DELETE', '/v1/groups/compute', { expected: 404 })
  await ask(cloud, admin, 'DELETE', '/v1/keys/scheduler.a', { expected: 204 })
  await ask(cloud, admin, 'DELETE', '/v1/keys/scheduler.a', { expected: 404 })
  await ticketFor(signed(scheduler, clock.now(), 'scheduler.a', 'compute.b'), 401)
})
