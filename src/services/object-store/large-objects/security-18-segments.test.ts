import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { syncContainers } from '../sync/worker.ts'

/** A container that somebody of another project may read and write, and a private one beside it. */
async function shared() {
  const cloud = await testCloud()
  const other = await cloud.as('member', 'project-2')
  const who = `${await other.projectId()}:*`
  const made = await withContainer(cloud, 'shared', { 'x-container-read': who, 'x-container-write': who })
  await made.member.request('PUT', `${made.account}/private`, { expected: 201 })
  await made.member.request('PUT', `${made.account}/private/secret`, { raw: 'the secret', expected: 201 })
  const ask: typeof made.call = (method, path, expected, options = {}) => other.request(method, made.at(path), { ...options, expected })
  return { cloud, other, ask, ...made }
}

test('a dynamic manifest shows nothing as a segment of a static one, to nobody and to no partner', async () => {
  const { cloud, other, ask, call } = await shared()
  await using _ = cloud
  await ask('PUT', 'dynamic', 201, { raw: 'ten bytes.', headers: { 'x-object-manifest': 'private/secret' } })
  await ask('PUT', 'static?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: 'shared/dynamic' }]) })
  await ask('PUT', 'plain', 201, { raw: 'plain' })
  for (const read of [ask, call]) await read('GET', 'static', 409)
  const theirs = await accountOf(other)
  await other.request('PUT', `${theirs}/to`, { headers: { 'x-container-sync-key': 'key' }, expected: 201 })
  await call('POST', '', 204, { headers: { 'x-container-sync-to': `${cloud.url}${theirs}/to`, 'x-container-sync-key': 'key' } })
  await syncContainers(cloud.cloud)
  assert.equal((await other.request('GET', `${theirs}/to`, { expected: 200 })).text, 'dynamic\nplain\n')
})

test('a dynamic manifest does not tell which containers there are', async () => {
  const { cloud, ask } = await shared()
  await using _ = cloud
  const answers: unknown[] = []
  for (const name of ['private', 'nothing']) {
    await ask('PUT', 'o', 201, { headers: { 'x-object-manifest': `${name}/x` } })
    const { status, text } = await ask('GET', 'o', 403)
    answers.push([status, text])
  }
  assert.deepEqual(answers[0], answers[1])
})

test('who may not read a manifest does not learn of its segments by removing them', async () => {
  const { cloud, ask, call, member, account } = await shared()
  await using _ = cloud
  await call('POST', '', 204, { headers: { 'x-remove-container-read': 'x' } })
  await call('PUT', 'm?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: 'private/secret' }]) })
  await ask('DELETE', 'm?multipart-manifest=delete', 403)
  // Nor of those of a manifest among its segments.
  await member.request('PUT', `${account}/private/inner?multipart-manifest=put`, {
    raw: JSON.stringify([{ path: 'private/secret' }]),
    expected: 201,
  })
  await call('POST', '', 204, { headers: { 'x-container-read': '.r:*' } })
  await call('PUT', 'm?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: 'private/inner' }]) })
  assert.doesNotMatch((await ask('DELETE', 'm?multipart-manifest=delete', 200)).text, /secret/)
  await member.request('GET', `${account}/private/secret`, { expected: 200 })
})
