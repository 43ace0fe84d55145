// What comes without a token, as bytes, to each port: the cloud answers or closes, and goes on. The same of the host's sockets: src/host.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import type { Cloud } from './cloud.ts'
import { createEndpoints } from './endpoints.ts'
import { type Log, silentLog } from './log.ts'
import { listen } from './server.ts'
import { askAs } from './testing/answered.ts'
import { freePort } from './testing/free-port.ts'
import { dice, rawRequest } from './testing/fuzz.ts'
import { testCloud } from './testing/test-cloud.ts'

const seed = Number(process.env.NEPHOS_TEST_SEED ?? 20261130)
const count = 3000

/** The same cloud on a port for each service as well. */
async function onPortsOfTheirOwn(cloud: Cloud): Promise<{ ports: number[]; close(): Promise<void> }> {
  for (;;) {
    const config = { ...cloud.config, singlePort: null, portOffset: (await freePort()) - 5000 }
    const endpoints = createEndpoints(config, cloud.services)
    try {
      const close = await listen({ ...cloud, config, endpoints })
      return { ports: endpoints.listeners().map(({ port }) => port), close }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}

test(`security-25: ${count} connections with broken requests end no listener (seed ${seed})`, async () => {
  const failures: string[] = []
  const error = (fields: object, message: string) => void failures.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = { ...silentLog, error }
  await using cloud = await testCloud({ log })
  const single = Number(new URL(cloud.url).port)
  const { ports, close } = await onPortsOfTheirOwn(cloud.cloud)
  using _asker = askAs('dice')
  const die = dice(seed)
  const prefixes = cloud.cloud.endpoints.listeners().flatMap(({ services, others }) => [...services, ...others].map(({ prefix }) => prefix))
  assert.ok(prefixes.includes('/console') && prefixes.length > 5 && ports.length >= prefixes.length)
  const below = (prefix: string) => ['', '/', '//', '?token=', '/#', '/v1/AUTH_x/c/o', '/v3'].map((rest) => prefix + rest)
  const paths = new Map([[single, prefixes.flatMap(below)], ...ports.map((port) => [port, below('')] as const)])
  let left = count
  const one = async () => {
    while (left-- > 0) {
      const port = die.pick([single, ...ports])
      const bytes = rawRequest(die, paths.get(port)!)
      const socket = net.connect(port, '127.0.0.1')
      socket.on('error', () => {}).resume()
      if (die.chance(0.3)) socket.write(bytes, () => socket.destroy())
      else socket.end(bytes)
      await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 2000).unref())])
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: 16 }, one))
  await close()
  await cloud.admin.request('GET', '/compute/v2.1/servers', { expected: 200 })
  assert.deepEqual(failures, [])
})
