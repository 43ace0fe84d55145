import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const prefix = '001o/'

test('older versions go into another container: as a stack that deleting takes from, or as a history that only grows', async () => {
  await using cloud = await testCloud()
  const { call, member, account } = await withContainer(cloud)
  const older = async () =>
    (await member.get(`${account}/older?format=json`)).body as { name: string; bytes: number; content_type: string }[]
  const used = async (name: string) => {
    const { headers } = await member.request('HEAD', `${account}/${name}`, { expected: 204 })
    return [headers.get('x-container-object-count'), headers.get('x-container-bytes-used')]
  }
  await call('POST', '', 204, { headers: { 'x-versions-location': 'older' } })
  await call('PUT', 'o', 201, { raw: '1' })
  await call('PUT', 'o', 412, { raw: '2' }) // there is no such container yet
  await member.request('PUT', `${account}/older`, { expected: 201 })
  await call('PUT', 'o', 201, { raw: '22', headers: { 'x-object-meta-a': 'b' } })
  await call('PUT', 'o', 201, { raw: 'three'.repeat(10_000) })
  assert.deepEqual(
    (await older()).map(({ name, bytes }) => [name.slice(0, prefix.length), bytes]),
    [
      [prefix, 1],
      [prefix, 2],
    ],
  )
  assert.deepEqual(
    [await used('things'), await used('older')],
    [
      ['1', '50000'],
      ['2', '3'],
    ],
  )
  await call('DELETE', 'o', 204)
  const second = await call('GET', 'o', 200)
  assert.deepEqual([second.text, second.headers.get('x-object-meta-a')], ['22', 'b'])
  assert.deepEqual(
    [await used('things'), await used('older')],
    [
      ['1', '2'],
      ['1', '1'],
    ],
  )

  await call('POST', '', 400, { headers: { 'x-versions-location': 'older', 'x-history-location': 'older' } })
  await call('POST', '', 204, { headers: { 'x-history-location': 'older' } })
  await call('DELETE', 'o', 204)
  await call('GET', 'o', 404)
  assert.deepEqual(
    (await older()).map(({ bytes, content_type }) => [bytes, content_type.startsWith('application/x-deleted')]),
    [
      [1, false],
      [2, false],
      [0, true],
    ],
  )
  assert.deepEqual(
    [await used('things'), await used('older')],
    [
      ['0', '0'],
      ['3', '3'],
    ],
  )

  // A stack again: the mark is no version that could come back, and stays.
  await call('POST', '', 204, { headers: { 'x-versions-location': 'older' } })
  await call('PUT', 'o', 201, { raw: 'new' })
  await call('DELETE', 'o', 204)
  await call('GET', 'o', 404)
  assert.equal((await older()).length, 3)
  assert.deepEqual(
    [await used('things'), await used('older')],
    [
      ['0', '0'],
      ['3', '3'],
    ],
  )
})
