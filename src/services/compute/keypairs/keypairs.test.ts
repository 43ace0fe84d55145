import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'
import { encodeRsa, readPublicKey } from './ssh-key.ts'

const path = '/compute/v2.1/os-keypairs'

test('a made key pair fits together, belongs to its user, and is gone after its delete', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { keypair } = (await member.post(path, { keypair: { name: 'my key' } }, 200)).body
  const own = encodeRsa(createPublicKey(createPrivateKey(keypair.private_key)), 'x')
  assert.equal(own.publicKey.split(' ')[1], keypair.public_key.split(' ')[1])
  assert.equal(own.fingerprint, keypair.fingerprint)
  await member.post(path, { keypair: { name: 'my key' } }, 409)
  const shown = (await member.get(`${path}/my%20key`)).body.keypair
  assert.equal(shown.private_key, undefined)
  assert.equal(shown.type, undefined)
  const other = await cloud.as('member', 'other')
  await other.get(`${path}/my%20key`, 404)
  assert.deepEqual((await other.get(path)).body.keypairs, [])
  member.headers = { 'x-openstack-nova-api-version': '2.2' }
  assert.equal((await member.get(`${path}/my%20key`)).body.keypair.type, 'ssh')
  await member.delete(`${path}/my%20key`, 204)
  await member.get(`${path}/my%20key`, 404)
})

test('an administrator reads the keys of a user from 2.10 on, others may not', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const other = await cloud.as('member', 'other')
  await member.post(path, { keypair: { name: 'k' } }, 200)
  const query = `?user_id=${member.login.userId}`
  other.headers = { 'openstack-api-version': 'compute 2.10' }
  await other.get(path + query, 403)
  assert.deepEqual((await cloud.admin.get(path + query)).body.keypairs, [])
  cloud.admin.headers = { 'openstack-api-version': 'compute 2.10' }
  assert.equal((await cloud.admin.get(path + query)).body.keypairs.length, 1)
})

test('security-13: only keys are imported, and only in one line', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { public_key } = (await member.post(path, { keypair: { name: 'k' } }, 200)).body.keypair
  await member.post(path, { keypair: { name: 'same', public_key } }, 200)
  for (const bad of [
    '',
    'ssh-rsa',
    'ssh-rsa AAAA',
    `${public_key}\nssh-rsa AAAA`,
    `command="x" ${public_key}`,
    public_key.replace('ssh-rsa', 'ssh-ed25519'),
  ]) {
    await member.post(path, { keypair: { name: 'bad', public_key: bad } }, 400)
  }
  for (const name of ['', 'a/b', 'a\nb', 'x'.repeat(256), 'ü']) await member.post(path, { keypair: { name } }, 400)
  assert.equal(readPublicKey('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFgl3C+Mq/y7qZb0jOV9nB0m0Zc0XQ2Yx0m1dQmG3VbL me')?.fingerprint.length, 47)
})

test('security-26: of many keys at once with room for one, exactly one is made', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { public_key } = (await member.post(path, { keypair: { name: 'k' } }, 200)).body.keypair
  await cloud.admin.put(`/compute/v2.1/os-quota-sets/${await member.projectId()}`, { quota_set: { key_pairs: 2 } }, 200)
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => member.post(path, { keypair: { name: `k${i}`, public_key } })))
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1)
})
