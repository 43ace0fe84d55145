// Offers of another protocol: what is not taken is answered like any request, and holds no connection.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { createEndpoints } from './endpoints.ts'
import { listen } from './server.ts'
import { freePort } from './testing/free-port.ts'
import { testCloud } from './testing/test-cloud.ts'

/** Status of the first answer to these lines; the test ends by its time limit where none comes. */
async function statusOf(port: number, path: string, upgrade: string): Promise<number> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAMA\r\n\r\n`,
  )
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return Number(answer.toString('latin1').split(' ')[1])
}

test('security-25: an offer of a protocol that is not spoken is answered as the request that it is', { timeout: 20_000 }, async () => {
  await using cloud = await testCloud()
  const single = Number(new URL(cloud.url).port)
  for (const upgrade of ['h2c', 'websocket', 'TLS/1.0', 'x']) assert.equal(await statusOf(single, '/identity/v3', upgrade), 200, upgrade)
  assert.equal(await statusOf(single, '/console/', 'h2c'), await statusOf(single, '/console/', ''))
  // A console is a WebSocket, and this one has no token.
  assert.equal(await statusOf(single, '/console/', 'WebSocket'), 403)

  const port = await freePort()
  const config = { ...cloud.cloud.config, singlePort: null, portOffset: port - 5000 }
  const endpoints = createEndpoints(config, cloud.cloud.services)
  const alone = { ...endpoints, listeners: () => endpoints.listeners().filter((listener) => listener.port === port) }
  const close = await listen({ ...cloud.cloud, config, endpoints: alone })
  try {
    for (const upgrade of ['h2c', 'websocket', 'x']) assert.equal(await statusOf(port, '/v3', upgrade), 200, upgrade)
  } finally {
    await close()
  }
})
