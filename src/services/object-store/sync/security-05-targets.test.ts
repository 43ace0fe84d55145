import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { syncTarget } from './target.ts'

test('a partner in a realm is below the address that the operator named', async () => {
  await using cloud = await testCloud()
  const file = join(cloud.cloud.config.dataDir, 'object-store.yaml')
  const clusters = { far: 'http://cloud.example.com:8080/swift/v1' }
  writeFileSync(file, stringify({ sync: { realms: { r: { key: 'key', clusters } } } }))
  chmodSync(file, 0o600)
  await cloud.restart()
  const { call } = await withContainer(cloud, 'c')
  for (const path of ['../..', '../c', 'a/..', '%2e%2E/c', './c', 'a?b/c', 'a/c#d', 'a/c d', '%zz%ff/c', 'a\\..\\../c'])
    await call('POST', '', 400, { headers: { 'x-container-sync-to': `//r/far/${path}` } })
  for (const path of ['AUTH_a/c', 'a/c%20d', 'a/...', 'a/gr%C3%B6%C3%9Fe']) {
    await call('POST', '', 204, { headers: { 'x-container-sync-to': `//r/far/${path}` } })
    assert.equal(new URL(syncTarget(cloud.cloud, `//r/far/${path}`).url).href, `${clusters.far}/${path}`)
  }
})
