import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { type Log, silentLog } from './log.ts'
import { testCloud } from './testing/test-cloud.ts'
import { until } from './testing/until.ts'

test('every answer has a request id that stands in the log, also one to what is no request of any service', async () => {
  const logged: string[] = []
  const log: Log = { ...silentLog, isLevelEnabled: () => true, info: (fields) => void logged.push((fields as { req: string }).req) }
  await using cloud = await testCloud({ log })
  /** Sends these bytes; gives the whole answer. */
  const send = async (text: string): Promise<string> => {
    const socket = net.connect(Number(new URL(cloud.url).port), '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk)).on('error', () => {})
    socket.write(text)
    await once(socket, 'close')
    return answer
  }
  const get = (path: string, headers = '') => send(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)
  const answers: [string, RegExp][] = [
    [await get('/'), /^HTTP\/1.1 200 /],
    [await get('/nowhere'), /^HTTP\/1.1 404 /],
    [await get('/compute/v2.1/servers'), /^HTTP\/1.1 401 /],
    [await get('/identity/v3', `X-Long: ${'x'.repeat(33_500)}\r\n`), /^HTTP\/1.1 431 /],
    [await send('nonsense\r\n\r\n'), /^HTTP\/1.1 400 /],
  ]
  for (const [answer, status] of answers) {
    assert.match(answer, status)
    const id = /^x-openstack-request-id: (req-[0-9a-f-]{36})\r$/im.exec(answer)?.[1]
    assert.ok(id, answer)
    await until('its line in the log', () => logged.includes(id))
  }
})
