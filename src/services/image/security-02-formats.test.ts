// The format of an image is what its data was judged by: nothing that is said later makes a host read the same bytes in another way.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'

const octets = { 'content-type': 'application/octet-stream' }
const patch = { 'content-type': 'application/openstack-images-v2.1-json-patch' }

test('the format of an image with data is never another one, whoever asks and by whichever version', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
  const path = `/image/v2/images/${id}`
  await member.request('PUT', `${path}/file`, { raw: randomBytes(64 * 1024), headers: octets, expected: 204 })
  for (const persona of [member, cloud.admin]) {
    for (const [op, name, value] of [
      ['replace', 'disk_format', 'qcow2'],
      ['add', 'disk_format', 'qcow2'],
      ['remove', 'disk_format', undefined],
      ['replace', 'container_format', 'ami'],
      ['replace', 'status', 'queued'],
      ['replace', 'virtual_size', 2 ** 40],
      ['replace', 'size', 1],
      ['replace', 'os_hash_value', '0'.repeat(128)],
      ['add', 'locations', [{ url: 'file:///etc/shadow', metadata: {} }]],
    ] as const) {
      const answer = await persona.request('PATCH', path, {
        raw: Buffer.from(JSON.stringify([{ op, path: `/${name}`, value }])),
        headers: patch,
      })
      assert.ok([400, 403, 409].includes(answer.status), `${op} ${name}: ${answer.status} ${answer.text}`)
    }
    await persona.request('PUT', `${path}/file`, { raw: Buffer.from('QFI\xfb', 'latin1'), headers: octets, expected: 409 })
    await persona.request('PUT', `${path}/stage`, { raw: Buffer.from('QFI\xfb', 'latin1'), headers: octets, expected: 409 })
    const old: Record<string, string>[] = [{}, { 'x-image-meta-status': 'queued' }]
    for (const more of old)
      await persona.request('PUT', `/image/v1/images/${id}`, { headers: { 'x-image-meta-disk_format': 'qcow2', ...more } })
    const { body } = await persona.request('GET', path, { expected: 200 })
    assert.deepEqual([body.disk_format, body.container_format, body.status, body.size], ['raw', 'bare', 'active', 64 * 1024])
  }
  const found = await cloud.cloud.image.data(cloud.cloud.database.read, id)
  assert.equal(found?.format, 'raw')
})

test('while data comes the format stands', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
  const path = `/image/v2/images/${id}`
  await member.request('PUT', `${path}/stage`, { raw: randomBytes(64 * 1024), headers: octets, expected: 204 })
  const change = [{ op: 'replace', path: '/disk_format', value: 'qcow2' }]
  await member.request('PATCH', path, { raw: Buffer.from(JSON.stringify(change)), headers: patch, expected: 403 })
  assert.equal((await member.get(path)).body.disk_format, 'raw')
})
