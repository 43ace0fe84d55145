import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CatalogOperation, coverageOf, coveragePage, readCatalog } from './coverage.ts'

const operation = (id: string, service: string): CatalogOperation => ({
  ...{ id, service, version: 'v1', method: 'GET', path: `/${id}`, action: null, title: id, section: '1' },
})
const catalog = [operation('a', 'image'), operation('b', 'image'), operation('c', 'share'), operation('d', 'image')]

test('declared works, undeclared of a running service is 501, of another missing', () => {
  const rows = coverageOf(catalog, [{ service: 'image', works: new Set(['b']), answers501: (o) => o.id !== 'd' }])
  assert.deepEqual(
    rows.map((row) => `${row.id} ${row.coverage}`),
    ['a 501', 'b works', 'c missing', 'd missing'],
  )
})

test('an id that the catalog does not have is a mistake in a declaration', () => {
  assert.throws(() => coverageOf(catalog, [{ service: 'image', works: new Set(['z']), answers501: () => true }]), /image declares z/)
})

test('the page sums up per service and in all', () => {
  const page = coveragePage(coverageOf(catalog, [{ service: 'image', works: new Set(['b']), answers501: (o) => o.id !== 'd' }]))
  assert.match(page, /1 of 4 documented operations work \(25\.0 %\)/)
  assert.match(page, /\| \[image\]\(#image\) \| 1 \| 1 \| 1 \| 3 \| 33\.3 % \|/)
  assert.match(page, /\| \*\*all\*\* \| \*\*1\*\* \| \*\*1\*\* \| \*\*2\*\* \| \*\*4\*\* \|/)
  assert.match(page, /\| `c` \| GET `\/c` \| missing \|/)
})

test('the catalog has every operation once', () => {
  const ids = readCatalog().map((o) => o.id)
  assert.equal(ids.length, 1005)
  assert.equal(new Set(ids).size, ids.length)
})
