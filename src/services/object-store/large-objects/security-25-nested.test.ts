import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { type Log, silentLog } from '../../../log.ts'
import { anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { longestTurn, onThisMachine } from '../../../testing/turns.ts'
import { until } from '../../../testing/until.ts'

const manifest = (...paths: string[]) => JSON.stringify(paths.map((path) => ({ path })))

test('a static manifest whose segment is a dynamic one that holds it ends with 409, for GET, HEAD, ranges and copies', async () => {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud, 'things', { 'x-container-read': '.r:*' })
  await call('PUT', 'dlo', 201, { raw: 'x', headers: { 'x-object-manifest': 'things/loop' } })
  await call('PUT', 'loop?multipart-manifest=put', 201, { raw: manifest('things/dlo') })
  await anonymous(cloud, 'GET', at('loop'), { expected: 409 })
  await anonymous(cloud, 'GET', at('dlo'), { expected: 409 })
  await anonymous(cloud, 'GET', at('loop'), { headers: { range: 'bytes=0-0' }, expected: 409 })
  await anonymous(cloud, 'HEAD', at('loop'), { expected: 200 })
  await call('PUT', 'copy', 409, { headers: { 'x-copy-from': 'things/loop', 'content-length': '0' } })
  // Through links, and in more than one container, it is the same.
  await call('PUT', 'link', 201, { headers: { 'x-symlink-target': 'things/loop' } })
  await anonymous(cloud, 'GET', at('link'), { expected: 409 })
  assert.equal((await member.request('GET', at('dlo?multipart-manifest=get'))).text, 'x')
})

test('manifests in manifests are read down to the tenth, and a segment that gives less than it should ends the answer', async () => {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud)
  await call('PUT', 'm0', 201, { raw: 'deep' })
  for (let i = 1; i <= 12; i++) await call('PUT', `m${i}?multipart-manifest=put`, 201, { raw: manifest(`things/m${i - 1}`) })
  assert.equal((await call('GET', 'm10', 200)).text, 'deep')
  await call('GET', 'm11', 409)
  await call('PUT', 'empty', 201, { raw: 'xx', headers: { 'x-object-manifest': 'things/none' } })
  await call('PUT', 'short?multipart-manifest=put', 201, { raw: manifest('things/m0', 'things/empty') })
  await assert.rejects(member.request('GET', at('short')))
})

test('a manifest of more bytes than a number can count is refused', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'm0', 201, { raw: 'x'.repeat(1000) })
  const thousand = (name: string) => manifest(...Array.from({ length: 1000 }, () => `things/${name}`))
  for (let i = 1; i <= 4; i++) await call('PUT', `m${i}?multipart-manifest=put`, 201, { raw: thousand(`m${i - 1}`) })
  await call('PUT', 'm5?multipart-manifest=put', 413, { raw: thousand('m4') })
})

test('to delete nested manifests takes no more than the loop can spare, each segment once, and not more than 10,000', async () => {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud)
  await call('PUT', 'm0', 201, { raw: 'x' })
  const paths = (name: string, count: number) => manifest(...Array.from({ length: count }, () => `things/${name}`))
  for (let i = 1; i <= 5; i++) await call('PUT', `m${i}?multipart-manifest=put`, 201, { raw: paths(`m${i - 1}`, 1000) })
  for (let i = 0; i < 11; i++) await call('PUT', `w${i}?multipart-manifest=put`, 201, { raw: paths('m0', 1000) })
  await call('PUT', 'wide?multipart-manifest=put', 201, { raw: manifest(...Array.from({ length: 11 }, (_, i) => `things/w${i}`)) })
  const headers = { accept: 'application/json' }
  await call('DELETE', 'wide?multipart-manifest=delete', 400, { headers })
  let answer = { body: {} as Record<string, unknown> }
  const held = await longestTurn(async () => {
    answer = await member.request('DELETE', at('m5?multipart-manifest=delete'), { headers, expected: 200 })
  })
  assert.deepEqual([answer.body['Number Deleted'], answer.body.Errors], [6, []])
  assert.ok(held < onThisMachine(50), `${held} ms`)
})

test('work for a client who has gone ends', async () => {
  const ended: Record<string, unknown>[] = []
  const log: Log = { ...silentLog, isLevelEnabled: () => true, info: (fields) => void ended.push(fields as Record<string, unknown>) }
  await using cloud = await testCloud({ log })
  const { at, member, call } = await withContainer(cloud)
  for (const name of ['first', 'last']) await call('PUT', name, 201, { raw: 'x' })
  const names = ['things/first', ...Array.from({ length: 9000 }, (_, i) => `things/missing${i}`), 'things/last']
  const headers = { 'x-auth-token': await member.token() }
  const sent = request(`${cloud.url}${at('').slice(0, -'/things'.length)}?bulk-delete`, { method: 'POST', headers })
  sent.on('error', () => {})
  sent.end(names.join('\n'))
  await until('the first is removed', async () => (await member.request('GET', at('first'))).status === 404)
  sent.destroy()
  await until('the work ends', () => ended.some(({ method, status }) => method === 'POST' && status === 499))
  await call('GET', 'last', 200)
})
