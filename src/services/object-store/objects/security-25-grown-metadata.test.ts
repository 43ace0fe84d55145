import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const eighty = (kind: string) => Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`x-object-meta-${kind}-${i}`, 'value']))

test('what copies add to metadata does not grow past the limits', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud, 'c')
  await call('PUT', 'o', 201, { raw: 'text', headers: eighty('a') })
  await call('COPY', 'o', 400, { headers: { ...eighty('b'), destination: 'c/o' } })
  await call('PUT', 'o', 400, { headers: { ...eighty('b'), 'x-copy-from': 'c/o' } })
  await call('COPY', 'o', 201, { headers: { ...eighty('b'), 'x-fresh-metadata': 'true', destination: 'c/o' } })
  const names = [...(await call('HEAD', 'o', 200)).headers.keys()].filter((name) => name.startsWith('x-object-meta-'))
  assert.equal(names.length, 80)
})
