import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a partner that says when it was takes no number of a version that is there', async () => {
  await using cloud = await testCloud()
  const { at, call } = await withContainer(cloud, 'c', { 'x-container-sync-key': 'secret', 'x-versions-enabled': 'true' })
  const one = (await call('PUT', 'o', 201, { raw: 'one' })).headers.get('x-object-version-id')!
  const two = (await call('PUT', 'o', 201, { raw: 'two' })).headers.get('x-object-version-id')!
  await call('DELETE', 'o', 204)
  const from = (time: string) => ({ 'x-container-sync-key': 'secret', 'x-timestamp': time })
  await anonymous(cloud, 'DELETE', at('o'), { headers: from(one), expected: 404 })
  await anonymous(cloud, 'PUT', at('o'), { headers: from(two), raw: 'theirs', expected: 201 })
  await call('PUT', 'o', 201, { raw: 'three' })
  for (const [version, text] of [
    [one, 'one'],
    [two, 'two'],
  ])
    assert.equal((await call('GET', `o?version-id=${version}`, 200)).text, text)
})

test('nor the place of a version in another container', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud, 'c', { 'x-container-sync-key': 'secret' })
  await member.request('PUT', `${account}/old`, { expected: 201 })
  await call('POST', '', 204, { headers: { 'x-history-location': 'old' } })
  await call('PUT', 'o', 201, { raw: 'one' })
  const time = (await call('HEAD', 'o', 200)).headers.get('x-timestamp')!
  await call('PUT', 'o', 201, { raw: 'two' })
  await call('DELETE', 'o', 204)
  const headers = { 'x-container-sync-key': 'secret', 'x-timestamp': time }
  await anonymous(cloud, 'PUT', at('o'), { headers, raw: 'theirs', expected: 201 })
  await call('DELETE', 'o', 204)
  for (let i = 0; i < 2; i++) await anonymous(cloud, 'DELETE', at('o'), { headers, expected: 404 })
  const kept = (await member.request('GET', `${account}/old?format=json`, { expected: 200 })).body as { name: string; bytes: number }[]
  const texts = await Promise.all(
    kept.filter(({ bytes }) => bytes).map(async ({ name }) => (await member.request('GET', `${account}/old/${name}`)).text),
  )
  assert.deepEqual(texts.sort(), ['one', 'theirs', 'two'])
})
