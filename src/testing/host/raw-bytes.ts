// For the tests of listeners: connections that say anything but what they should, from a seed.
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { type Random, seededRandom } from '../../environment.ts'

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random.float() * list.length)]!
const upTo = (random: Random, n: number) => Math.floor(random.float() * (n + 1))

/** Bodies that are hardly what anybody expects. */
const bodies = [
  '',
  'null',
  '[]',
  '{',
  '"x"',
  '{}',
  '{"host":{},"session":[],"facts":null,"taken":7,"reports":{}}',
  '{"host":"h","session":"s","facts":{},"all":true,"taken":[null],"reports":[null]}',
  `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  '\0\n\r\n',
]
const targets = [
  '/',
  '//',
  '*',
  '',
  '/%',
  '/%00',
  '/..',
  'http://',
  'http://x:99999999/',
  '///?',
  '/?%&=',
  '\\',
  '/agent/stream/1',
  '/agent/stream/',
]

/** One request or what is left of it; `paths` are those that the listener knows. */
function request(random: Random, paths: readonly string[]): Buffer {
  const body = pick(random, bodies)
  const length = pick(random, [`${body.length}`, `${body.length + 3}`, '-1', '99999999999999999999', '0x10', ''])
  const headers = [
    'Host: x',
    pick(random, [
      'Connection: close',
      'Connection: keep-alive',
      'Connection: Upgrade\r\nUpgrade: nephos-calls',
      'Expect: 100-continue',
      'Expect: x',
    ]),
    pick(random, [`Content-Length: ${length}`, 'Transfer-Encoding: chunked', 'Transfer-Encoding: x, chunked', 'X: y']),
    ...(random.float() < 0.1 ? [`X: ${'a'.repeat(20_000)}`] : []),
  ]
  const line = `${pick(random, ['GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'PRI', 'get', ''])} ${pick(random, [...targets, ...paths])} HTTP/${pick(random, ['1.1', '1.0', '2.0', '9'])}`
  const bytes = Buffer.from(`${line}\r\n${headers.join('\r\n')}\r\n\r\n${body}`, 'latin1')
  const cut = random.float() < 0.4 ? bytes.subarray(0, upTo(random, bytes.length)) : bytes
  for (let flips = random.float() < 0.4 ? upTo(random, 8) : 0; flips > 0; flips--) cut[upTo(random, cut.length - 1)] = upTo(random, 255)
  return cut
}

/** Makes `count` connections, a few at a time, that misbehave as `seed` says; resolves when all are gone. */
export async function misbehave(to: NetConnectOpts, options: { seed: string; count: number; paths: readonly string[] }): Promise<void> {
  const random = seededRandom(options.seed)
  for (let left = options.count; left > 0; left -= 20) {
    await Promise.all(Array.from({ length: Math.min(20, left) }, () => one(to, random, options.paths)))
  }
}

function one(to: NetConnectOpts, random: Random, paths: readonly string[]): Promise<void> {
  const pieces = Array.from({ length: 1 + upTo(random, 2) }, () =>
    random.float() < 0.2 ? random.bytes(1 + upTo(random, 2000)) : request(random, paths),
  )
  const end = pick(random, ['destroy', 'reset', 'end', 'answered'] as const)
  return new Promise((resolve) => {
    const socket: Socket = connect(to)
    const timer = setTimeout(() => socket.destroy(), 300)
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece)
      if (end === 'destroy') socket.destroySoon()
      else if (end === 'reset') setImmediate(() => ('path' in to ? socket.destroy() : socket.resetAndDestroy()))
      else if (end === 'end') socket.end()
    })
    if (end === 'answered') socket.once('data', () => socket.destroy())
    else socket.resume()
  })
}
