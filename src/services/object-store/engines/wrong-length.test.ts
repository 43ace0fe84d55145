import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('a service that gives more or fewer bytes than it was asked for is no answer to anybody', { timeout: 60_000 }, async () => {
  await using cloud = await testCloud()
  let given = 40_000
  const service = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'GET') response.writeHead(206, { 'content-length': given }).end(Buffer.alloc(given, 'x'))
      else response.writeHead(200, { etag: '"x"' }).end()
    })
  })
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  try {
    const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
    const file = join(cloud.cloud.config.dataDir, 'object-store.yaml')
    writeFileSync(file, stringify({ backend: { endpoint, bucket: 'b', 'access-key': 'a', 'secret-key': 's' } }))
    chmodSync(file, 0o600)
    await cloud.restart()
    const { call } = await withContainer(cloud, 'c')
    await call('PUT', 'o', 201, { raw: Buffer.alloc(40_000) })
    assert.equal((await call('GET', 'o', 200)).text.length, 40_000)
    for (given of [0, 39_999, 40_001]) await call('GET', 'o', 503)
  } finally {
    service.closeAllConnections()
    service.close()
  }
})
