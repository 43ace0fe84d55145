import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { longestTurn, onThisMachine } from '../../../testing/turns.ts'

test('security-25: segments of a manifest that are of another type are 400, never taken for something else', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'ten', 201, { raw: 'x'.repeat(10) })
  const put = (expected: number, more: object) =>
    call('PUT', 'slo?multipart-manifest=put', expected, { raw: JSON.stringify([{ path: 'things/ten', ...more }]) })
  for (const range of [['0-1'], { a: 1 }, true, 5, '0-0x1', 'x'])
    assert.match((await put(400, { range })).text, /^Index 0: invalid range/, String(range))
  for (const size_bytes of [[10], '1e1', '0xa', true, {}, 'x', ''])
    assert.match((await put(400, { size_bytes })).text, /^Index 0: invalid size_bytes/)
  for (const size_bytes of [0, -1, '0']) assert.match((await put(400, { size_bytes })).text, /^Index 0: too small/)
  for (const path of [5, ['things/ten'], null]) assert.match((await put(400, { path })).text, /^Index 0: "path" must be a string/)
  assert.match((await put(400, { etag: ['x'] })).text, /^Index 0: "etag" must be a string/)
  for (const fine of [{ size_bytes: '10' }, { size_bytes: ' 10 ' }, { size_bytes: null, etag: null }, { range: '' }, { range: null }])
    await put(201, fine)
  await put(201, { range: -5 })
  assert.equal((await call('GET', 'slo', 200)).text, 'x'.repeat(5))
})

test('security-25: what is inlined in a manifest has an end, and a manifest of 8 MB leaves others their turn', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: 'x' })
  const inlined = (count: number, length: number) =>
    JSON.stringify([{ path: 'things/o' }, ...Array.from({ length: count }, () => ({ data: 'A'.repeat(length) }))])
  const most = inlined(990, 1056)
  const rounds = async (work: () => Promise<unknown>) => {
    await work()
    const turns: number[] = []
    // What the collector does in one of them is no matter.
    for (let round = 0; round < 3; round++) turns.push(await longestTurn(work))
    assert.ok(Math.min(...turns) < onThisMachine(50), `${turns} ms`)
  }
  const whole = inlined(990, 8400)
  await rounds(() => call('PUT', 'slo?multipart-manifest=put', 413, { raw: whole }))
  await rounds(() => call('PUT', 'slo?multipart-manifest=put', 201, { raw: most }))
  for (const path of ['slo?multipart-manifest=get', 'slo?multipart-manifest=get&format=raw', 'slo'])
    await rounds(() => call('GET', path, 200))
  await rounds(() => call('GET', 'slo', 206, { headers: { range: 'bytes=0-0' } }))
})
