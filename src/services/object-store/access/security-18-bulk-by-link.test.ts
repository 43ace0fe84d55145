import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a temporary URL to POST removes nothing, whatever a list of names says; one to DELETE removes what it names', async () => {
  await using cloud = await testCloud()
  const { at, call } = await withContainer(cloud, 'things', { 'x-container-meta-temp-url-key': 'key' })
  await call('PUT', 'o', 201, { raw: 'text' })
  const stranger = await cloud.as('member', 'project-2')
  const expires = Math.floor(Date.now() / 1000) + 600
  const removeBy = async (method: string) => {
    const signed = `${method}\n${expires}\n${at('o').replace('/object-store', '')}`
    const query = `temp_url_sig=${createHmac('sha256', 'key').update(signed).digest('hex')}&temp_url_expires=${expires}&bulk-delete`
    const headers = { 'content-type': 'text/plain', accept: 'application/json' }
    return (await stranger.request('POST', `${at('o')}?${query}`, { raw: '/things/o', headers, expected: 200 })).body
  }
  const refused = await removeBy('POST')
  assert.deepEqual([refused['Number Deleted'], refused.Errors], [0, [['/things/o', '401 Unauthorized']]])
  await call('GET', 'o', 200)
  assert.equal((await removeBy('DELETE'))['Number Deleted'], 1)
  await call('GET', 'o', 404)
})
