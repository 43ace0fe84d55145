// Security 10: another project's account opens by its access list only, and no further than that says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf, anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('the list of an account lets others read, change or administer it, by ids and by names', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'text' })
  const other = await cloud.as('member', 'project-2')
  const third = await cloud.as('member', 'project-3')
  const mine = await accountOf(other)
  await other.request('PUT', `${mine}/own`, { expected: 201 })
  const grant = (lists: unknown, expected = 204) =>
    member.request('POST', account, { headers: { 'x-account-access-control': JSON.stringify(lists) }, expected })
  await other.request('GET', account, { expected: 403 })

  await grant({ 'read-only': [`${await other.projectId()}:*`] })
  for (const path of [account, at(''), at('o')]) await other.request('GET', path, { expected: 200 })
  await other.request('PUT', at('o'), { raw: 'x', expected: 403 })
  await other.request('PUT', `${account}/new`, { expected: 403 })
  await other.request('POST', account, { headers: { 'x-account-meta-a': 'b' }, expected: 403 })
  await third.request('GET', at('o'), { expected: 403 })
  await anonymous(cloud, 'GET', at('o'), { expected: 401 })
  assert.equal((await other.request('HEAD', account)).headers.get('x-account-access-control'), null)
  assert.ok((await member.request('HEAD', account)).headers.get('x-account-access-control')?.includes('read-only'))
  await other.request('COPY', at('o'), {
    headers: { destination: 'own/copy', 'destination-account': mine.split('/').at(-1)! },
    expected: 201,
  })
  const link = { 'x-symlink-target': 'things/o', 'x-symlink-target-account': account.split('/').at(-1)! }
  await other.request('PUT', `${mine}/own/link`, { headers: link, expected: 201 })
  assert.equal((await other.request('GET', `${mine}/own/link`, { expected: 200 })).text, 'text')

  await grant({ 'read-write': [`project-2:${other.login.name}`] })
  await other.request('PUT', at('by-name'), { raw: 'x', expected: 201 })
  await other.request('PUT', `${account}/new`, { expected: 201 })
  await other.request('POST', account, { headers: { 'x-account-meta-a': 'b' }, expected: 403 })
  for (const name of ['x-container-read', 'x-container-sync-key', 'x-container-meta-temp-url-key'])
    await other.request('POST', at(''), { headers: { [name]: 'x' }, expected: 403 })
  await other.request('DELETE', `${account}/new`, { expected: 204 })

  await grant({ admin: [`*:${third.login.userId}`] })
  await third.request('POST', account, { headers: { 'x-account-meta-a': 'b' }, expected: 204 })
  await third.request('POST', at(''), { headers: { 'x-container-read': '.r:*' }, expected: 204 })
  assert.ok((await third.request('HEAD', account)).headers.get('x-account-access-control'))
  await third.request('POST', account, { headers: { 'x-account-meta-quota-bytes': '1' }, expected: 403 })
  await other.request('PUT', at('o'), { raw: 'x', expected: 403 })

  for (const wrong of [[], 'x', { owner: [] }, { admin: 'x' }, { admin: [1] }, { admin: ['member'] }, { admin: ['a:b,member'] }])
    await grant(wrong, 400)
  await member.request('POST', account, { headers: { 'x-account-access-control': '{' }, expected: 400 })
  await member.request('POST', account, { headers: { 'x-account-access-control': '' }, expected: 204 })
  await third.request('HEAD', account, { expected: 403 })
})
