import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { accountOf, anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { syncContainers } from './worker.ts'

const address = (cloud: TestCloud, account: string, container: string) => `${cloud.url}${account}/${container}`
const names = async (call: (method: string, path: string, expected: number) => Promise<{ text: string }>, expected = 200) =>
  (await call('GET', '', expected)).text

test('a container is copied to its partner: what was there, what is new, changed and removed, also after a restart', async () => {
  await using cloud = await testCloud()
  const { account, call, member } = await withContainer(cloud, 'from')
  const to = await withContainer(cloud, 'to', { 'x-container-sync-key': 'secret' })
  await call('PUT', 'old', 201, { raw: 'old', headers: { 'x-object-meta-color': 'red', 'content-type': 'text/x' } })
  await call('PUT', 'big/größe', 201, { raw: Buffer.alloc(300_000, 'b') })
  await call('PUT', 'manifest?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: 'from/old' }, { path: 'from/old' }]) })
  await call('POST', '', 204, { headers: { 'x-container-sync-to': address(cloud, account, 'to'), 'x-container-sync-key': 'wrong' } })
  await syncContainers(cloud.cloud)
  assert.equal(await names(to.call, 204), '')
  await call('POST', '', 204, { headers: { 'x-container-sync-key': 'secret' } })
  await syncContainers(cloud.cloud)
  assert.equal(await names(to.call), 'big/größe\nmanifest\nold\n')
  const copy = await to.call('GET', 'old', 200)
  assert.deepEqual([copy.text, copy.headers.get('x-object-meta-color'), copy.headers.get('content-type')], ['old', 'red', 'text/x'])
  const original = await call('HEAD', 'old', 200)
  assert.equal(copy.headers.get('x-timestamp'), original.headers.get('x-timestamp'))
  assert.equal((await to.call('GET', 'big/größe', 200)).text, 'b'.repeat(300_000))
  assert.equal((await to.call('GET', 'manifest', 200)).text, 'oldold')

  await call('PUT', 'old', 201, { raw: 'new' })
  await call('DELETE', 'manifest', 204)
  await call('POST', 'big/größe', 202, { headers: { 'x-object-meta-a': 'b' } })
  await cloud.restart()
  await member.request('POST', `${account}/to`, { headers: { 'x-container-meta-seen': 'yes' }, expected: 204 })
  // The port is another one after the restart.
  await call('POST', '', 204, { headers: { 'x-container-sync-to': address(cloud, account, 'to') } })
  await syncContainers(cloud.cloud)
  assert.equal((await to.call('GET', 'old', 200)).text, 'new')
  assert.equal((await to.call('HEAD', 'big/größe', 200)).headers.get('x-object-meta-a'), 'b')
  await call('DELETE', 'old', 204)
  await syncContainers(cloud.cloud)
  await to.call('GET', 'old', 404)
  // Changed by somebody at the partner later than here: that stays.
  await to.call('PUT', 'big/größe', 201, { raw: 'theirs' })
  await call('POST', '', 204, { headers: { 'x-remove-container-sync-to': 'x' } })
  await call('POST', '', 204, { headers: { 'x-container-sync-to': address(cloud, account, 'to') } })
  await syncContainers(cloud.cloud)
  assert.equal((await to.call('GET', 'big/größe', 200)).text, 'theirs')
})

test('two clouds of one realm copy to each other and come to rest', async () => {
  await using left = await testCloud()
  await using right = await testCloud()
  const [l, r] = [await withContainer(left, 'c'), await withContainer(right, 'c')]
  const realm = { key: 'realm key', clusters: { left: `${left.url}/object-store/v1`, right: `${right.url}/object-store/v1` } }
  for (const cloud of [left, right]) {
    const file = join(cloud.cloud.config.dataDir, 'object-store.yaml')
    writeFileSync(file, stringify({ sync: { realms: { home: realm } } }))
    chmodSync(file, 0o600)
    await cloud.restart()
  }
  for (const cloud of [left, right]) {
    const { body } = await anonymous(cloud, 'GET', '/object-store/info')
    assert.deepEqual(Object.keys(body.container_sync.realms.HOME.clusters), ['LEFT', 'RIGHT'])
  }
  const partner = (cluster: string, account: string) => ({
    'x-container-sync-to': `//home/${cluster}/${account.split('/').at(-1)}/c`,
    'x-container-sync-key': 'user key',
  })
  await l.call('POST', '', 204, { headers: partner('right', r.account) })
  await r.call('POST', '', 204, { headers: partner('left', l.account) })
  await l.call('PUT', 'a', 201, { raw: 'from left' })
  await r.call('PUT', 'b', 201, { raw: 'from right' })
  const rest = async () => {
    for (let round = 0; round < 3; round++) for (const cloud of [left, right]) await syncContainers(cloud.cloud)
  }
  await rest()
  for (const side of [l, r]) assert.equal(await names(side.call), 'a\nb\n')
  await r.call('DELETE', 'a', 204)
  await l.call('PUT', 'b', 201, { raw: 'newer' })
  await rest()
  for (const side of [l, r]) {
    assert.equal(await names(side.call), 'b\n')
    assert.equal((await side.call('GET', 'b', 200)).text, 'newer')
  }
  for (const { cloud } of [left, right])
    assert.deepEqual(await cloud.database.read.selectFrom('object_store_sync').select('name').execute(), [])
})

test('security 5 and 18: partners are only those that the operator knows, and the key opens nothing but putting and deleting there', async () => {
  await using cloud = await testCloud()
  const { account, call, at, member } = await withContainer(cloud, 'c', { 'x-container-sync-key': 'secret' })
  for (const to of [
    'http://169.254.169.254/v1/a/c',
    'http://127.0.0.1:1/v1/a/c',
    'file:///etc/passwd',
    `${cloud.url}@example.com/object-store/v1/a/c`,
    `${address(cloud, account, 'd')}?x=1`,
    '//nowhere/cluster/a/c',
    'text',
    address(cloud, account, 'c'),
  ])
    await call('POST', '', 400, { headers: { 'x-container-sync-to': to } })
  await call('PUT', 'secret', 201, { raw: 'secret' })
  await member.request('PUT', `${await accountOf(member)}/private`, { expected: 201 })
  await member.request('PUT', `${await accountOf(member)}/private/o`, { raw: 'private', expected: 201 })
  const sync = (timestamp: string, key = 'secret') => ({ 'x-container-sync-key': key, 'x-timestamp': timestamp })
  const now = (shift = 0) => (Date.now() / 1000 + shift).toFixed(5)
  await anonymous(cloud, 'PUT', at('new'), { raw: 'x', headers: sync(now(), 'wrong'), expected: 401 })
  await anonymous(cloud, 'PUT', at('new'), { raw: 'x', headers: { 'x-container-sync-key': 'secret' }, expected: 401 })
  await anonymous(cloud, 'PUT', at('new'), { raw: 'x', headers: sync(now(200_000)), expected: 400 })
  await anonymous(cloud, 'PUT', at('new'), { raw: 'x', headers: sync(now(-10)), expected: 201 })
  await anonymous(cloud, 'PUT', at('new'), { raw: 'older', headers: sync(now(-20)), expected: 409 })
  await anonymous(cloud, 'DELETE', at('new'), { headers: sync(now(-20)), expected: 409 })
  assert.equal((await call('GET', 'new', 200)).text, 'x')
  for (const method of ['GET', 'HEAD', 'POST']) await anonymous(cloud, method, at('secret'), { headers: sync(now()), expected: 401 })
  await anonymous(cloud, 'PUT', at('copy'), { headers: { ...sync(now()), 'x-copy-from': 'private/o' }, expected: 400 })
  await anonymous(cloud, 'PUT', `${account}/private/p`, { raw: 'x', headers: sync(now()), expected: 401 })
  await anonymous(cloud, 'PUT', at('new'), {
    raw: 'x',
    headers: { 'x-container-sync-auth': 'realm nonce signature', 'x-timestamp': now() },
    expected: 401,
  })
  await anonymous(cloud, 'DELETE', at('new'), { headers: sync(now()), expected: 204 })
})
