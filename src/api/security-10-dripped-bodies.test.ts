// A body that drips holds neither its connection for ever nor more memory than its bytes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { until } from '../testing/until.ts'
import { readBody } from './body.ts'
import type { Fault } from './faults.ts'

/** What `read` makes of a request whose head and first piece are sent at once; the rest is up to `more`. */
async function withRequest(
  head: string,
  read: (request: IncomingMessage) => Promise<Buffer>,
  more: (socket: net.Socket) => void,
): Promise<{ body: Buffer | Fault; answer: string }> {
  let body: Buffer | Fault | undefined
  const server = http.createServer((request, response) => {
    read(request).then(
      (all) => {
        body = all
        response.end('ok')
      },
      (fault: Fault) => {
        body = fault
        response.writeHead(fault.status ?? 500, fault.headers).end()
      },
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  let answer = ''
  socket.on('data', (piece) => (answer += piece)).on('error', () => {})
  socket.write(head)
  more(socket)
  await until('the body is read or given up', () => body !== undefined)
  await until('the answer', () => answer !== '' || socket.destroyed)
  socket.destroy()
  server.close()
  return { body: body!, answer }
}

test('security-10: a body that drips is given up with 408 when its time is over, however often a byte comes', async () => {
  let drip: NodeJS.Timeout
  const { body, answer } = await withRequest(
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n',
    (request) => readBody(request, 2 ** 20, 0.3),
    (socket) => {
      drip = setInterval(() => socket.write(' '), 20)
    },
  )
  clearInterval(drip!)
  assert.equal((body as Fault).status, 408)
  assert.match(answer, /^HTTP\/1.1 408 [\s\S]*connection: close/i)
})

test('security-10: a body in pieces of one byte is read into memory of its own length', async () => {
  const size = 300_000
  const { body } = await withRequest(
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
    (request) => readBody(request, size),
    (socket) => socket.write(`${'1\r\nx\r\n'.repeat(size)}0\r\n\r\n`),
  )
  assert.equal((body as Buffer).toString(), 'x'.repeat(size))
  assert.ok((body as Buffer).buffer.byteLength <= 2 * size)
})

test('security-10: a body is refused at the first byte past its limit, and the connection serves on', async () => {
  for (const head of ['Content-Length: 12', 'Transfer-Encoding: chunked']) {
    const { body, answer } = await withRequest(
      `POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`,
      (request) => readBody(request, 11),
      (socket) => socket.write(head.startsWith('C') ? 'x'.repeat(12) : 'c\r\nxxxxxxxxxxxx\r\n0\r\n\r\n'),
    )
    assert.equal((body as Fault).status, 413)
    assert.match(answer, /connection: keep-alive/i)
  }
})

test('a client that goes amid its body is nobody to answer', async () => {
  const { body } = await withRequest(
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc',
    (request) => readBody(request, 100),
    (socket) => socket.end(),
  )
  assert.equal((body as unknown as NodeJS.ErrnoException).code, 'ECONNRESET')
})
