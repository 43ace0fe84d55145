import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('who may only write does not put back before all what the owner has replaced', async () => {
  await using cloud = await testCloud()
  const writer = await cloud.as('member', 'project-2')
  const lists = { 'x-container-read': '.r:*', 'x-container-write': `${await writer.projectId()}:*` }
  const { at, call } = await withContainer(cloud, 'c', { ...lists, 'x-versions-enabled': 'true' })
  const first = (await call('PUT', 'o', 201, { raw: 'a secret by mistake' })).headers.get('x-object-version-id')
  await call('PUT', 'o', 201, { raw: 'public' })
  await writer.request('PUT', `${at('o')}?version-id=${first}`, { expected: 403 })
  assert.equal((await call('GET', 'o', 200)).text, 'public')
  await call('PUT', `o?version-id=${first}`, 201)
})
