import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { longestTurn, onThisMachine } from '../../../testing/turns.ts'

const count = 10_000
const nameOf = (index: number) => `long/${String(index).padStart(6, '0')}${'<&ü"'.repeat(180)}`

test('security-25: the page of a folder of ten thousand long names leaves others their turn', async () => {
  await using cloud = await testCloud()
  const { call } = await withContainer(cloud, 'site', { 'x-container-meta-web-listings': 'true' })
  await call('PUT', encodeURIComponent(nameOf(0)), 201, { raw: '' })
  const { database } = cloud.cloud
  const row = await database.read.selectFrom('object_store_objects').selectAll().executeTakeFirstOrThrow()
  for (let from = 1; from < count; from += 500)
    await database.write(({ db }) => {
      const rows = Array.from({ length: Math.min(500, count - from) }, (_, i) => ({ ...row, name: nameOf(from + i) }))
      return db.insertInto('object_store_objects').values(rows).execute()
    })
  const turns: number[] = []
  // What the collector does in one of them is no matter.
  for (let round = 0; round < 3; round++)
    turns.push(
      await longestTurn(async () => {
        const { text } = await call('HEAD', 'long/', 200, { headers: { 'x-web-mode': 'true' } })
        assert.equal(text, '')
      }),
    )
  assert.ok(Math.min(...turns) < onThisMachine(50), `${turns} ms`)
  const { text } = await call('GET', 'long/', 200, { headers: { 'x-web-mode': 'true' } })
  assert.equal(text.split('<tr><td><a href=').length - 1, count + 1)
  assert.ok(text.startsWith('<!DOCTYPE html>') && text.endsWith('</table></body>\n</html>\n'))
})
