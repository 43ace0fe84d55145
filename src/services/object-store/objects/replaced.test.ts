import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('what is replaced while it is copied, or shown as a page, is copied as it is then', async () => {
  await using cloud = await testCloud()
  const { call, at } = await withContainer(cloud, 'c', { 'x-container-read': '.r:*', 'x-container-meta-web-index': 'o' })
  const bodies = ['a', 'b'].map((letter) => Buffer.alloc(20_000, letter))
  await call('PUT', 'o', 201, { raw: bodies[0]! })
  let writing = true
  const writer = (async () => {
    for (let i = 0; writing; i++) await call('PUT', 'o', 201, { raw: bodies[i % 2]! })
  })()
  const statuses = new Set<number>()
  const copies = async (lane: number) => {
    for (let i = 0; i < 150; i++) {
      statuses.add((await call('COPY', 'o', 201, { headers: { destination: `c/copy${lane}` } })).status)
      const page = await fetch(`${cloud.url}${at('')}/`)
      statuses.add(page.status)
      assert.equal((await page.text()).length, 20_000)
    }
  }
  try {
    await Promise.all([0, 1, 2, 3].map(copies))
  } finally {
    writing = false
    await writer
  }
  assert.deepEqual([...statuses].sort(), [200, 201])
})
