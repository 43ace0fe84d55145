import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { until } from '../testing/until.ts'
import { sendResult } from './answer.ts'
import { LongList } from './long-list.ts'
import type { XmlDialect } from './xml/dialect.ts'

const asXml = { dialect: { namespace: 'http://x.example/', scalars: 'attributes' } satisfies XmlDialect }

/** More batches than are made in the time that it takes to leave. */
const most = 1000

test('security-25: a long list whose client has left is not made to its end, in any form', async () => {
  for (const [form, xml] of [
    ['JSON', undefined],
    ['XML', asXml],
  ] as const) {
    let made = 0
    let ended = false
    async function* batches() {
      try {
        while (made < most) {
          made++
          yield Array.from({ length: 500 }, (_, index) => ({ id: index }))
          await setImmediate()
        }
      } finally {
        ended = true
      }
    }
    let fault: unknown
    const server = http.createServer((request, response) => {
      sendResult(request, response, { things: new LongList(batches()) }, 200, (body) => body, xml).catch((error) => {
        fault = error
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = http.get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }).on('error', () => {})
    await until('some of it is made', () => made > 5)
    client.destroy()
    await until(`the list as ${form} ends`, () => ended && fault !== undefined)
    assert.ok(made < most)
    assert.equal((fault as NodeJS.ErrnoException).code, 'ERR_STREAM_PREMATURE_CLOSE')
    server.close()
  }
})
