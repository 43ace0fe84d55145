import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf, withContainer } from '../../testing/object-store/store.ts'
import { testCloud } from '../../testing/test-cloud.ts'

/** A name in each spelling that comes out as the same. */
const spellings = (name: string) => [name, name.replaceAll('-', '_'), name.replace(/-(\w+)$/, '_$1'), name.replace('-', '_').toUpperCase()]

test('a header is checked under the name under which it is kept', async () => {
  await using cloud = await testCloud()
  const { member, account, at } = await withContainer(cloud)
  const writer = await cloud.as('member', 'project-2')
  const grant = JSON.stringify({ 'read-write': [`*:${writer.login.userId}`] })
  await member.request('POST', account, { headers: { 'x-account-access-control': grant }, expected: 204 })
  await writer.request('POST', at(''), { headers: { 'x-container-meta-colour': 'red' }, expected: 204 })

  for (const name of ['x-account-meta-quota-bytes', 'x-account-quota-bytes', 'x-remove-account-meta-quota-bytes'])
    for (const header of spellings(name)) await member.request('POST', account, { headers: { [header]: '5' }, expected: 403 })
  const owned = ['x-container-read', 'x-container-write', 'x-container-sync-key', 'x-container-sync-to', 'x-container-meta-temp-url-key']
  for (const name of [...owned, 'x-container-meta-temp-url-key-2'])
    for (const one of [name, name.replace('x-', 'x-remove-')])
      for (const header of spellings(one)) {
        await writer.request('POST', at(''), { headers: { [header]: '.r:*' }, expected: 403 })
        await writer.request('PUT', at(''), { headers: { [header]: '.r:*' }, expected: 403 })
      }
  for (const header of spellings('x-account-meta-temp-url-key'))
    await writer.request('POST', account, { headers: { [header]: 'k' }, expected: 403 })
  // What is ours is set in no spelling.
  for (const header of spellings('x-object-sysmeta-s3-tags'))
    await member.request('PUT', at('o'), { raw: 'x', headers: { [header]: 'a=b' }, expected: 201 })
  const row = await cloud.cloud.database.read.selectFrom('object_store_objects').select('metadata').executeTakeFirstOrThrow()
  assert.deepEqual(row.metadata, {})
})

test('names with underscores are those with hyphens, for setting and for removing', async () => {
  await using cloud = await testCloud()
  const { member, call, at } = await withContainer(cloud)
  const account = await accountOf(member)
  await member.request('POST', account, { headers: { x_account_meta_a_b: '1' }, expected: 204 })
  assert.equal((await member.request('HEAD', account)).headers.get('x-account-meta-a-b'), '1')
  await member.request('POST', account, { headers: { 'x-remove-account-meta-a_b': '1' }, expected: 204 })
  assert.equal((await member.request('HEAD', account)).headers.get('x-account-meta-a-b'), null)
  await call('PUT', 'o', 201, { raw: 'x', headers: { 'x-object-meta-a-b': 'hyphen', 'x-object-meta-a_b': 'underscore' } })
  assert.equal((await member.request('HEAD', at('o'))).headers.get('x-object-meta-a-b'), 'hyphen')
})
