import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { seededRandom } from '../environment.ts'
import { until } from '../testing/until.ts'
import { framed } from './frames.ts'

/** Two ends of a connection over a unix socket. */
async function withPair(work: (here: Socket, there: Socket) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'frames-'))
  const server = createServer({ allowHalfOpen: true })
  try {
    const path = join(folder, 's')
    const there = new Promise<Socket>((resolve) => server.once('connection', resolve))
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const here = connect({ path, allowHalfOpen: true })
    const pair = [here, await there] as const
    for (const socket of pair) socket.on('error', () => {})
    await work(...pair)
    for (const socket of pair) socket.destroy()
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What comes until its end; rejects with its fault. */
async function read(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

test('bytes arrive as they were sent, each direction ends for itself, and the connection goes when both have', () =>
  withPair(async (here, there) => {
    const [one, other] = [framed(here), framed(there)]
    const random = seededRandom('frames')
    const pieces = Array.from({ length: 200 }, () => random.bytes(1 + Math.floor(random.float() * 70_000)))
    const arrived = read(other)
    for (const piece of pieces) if (!one.write(piece)) await new Promise((resolve) => one.once('drain', resolve))
    one.end()
    assert.ok((await arrived).equals(Buffer.concat(pieces)))
    other.end('and back')
    assert.equal(String(await read(one)), 'and back')
    await until('the connection is gone', () => here.closed && there.closed)
  }))

test('a fault reaches the other side with its reason, and never as an end', () =>
  withPair(async (here, there) => {
    const [one, other] = [framed(here), framed(there)]
    one.write('half of it')
    one.destroy(new Error('the disk is full'))
    await assert.rejects(read(other), { message: 'the disk is full' })
    await until('the connection is gone', () => here.closed && there.closed)
  }))

test('a connection that goes without an end has broken off', () =>
  withPair(async (here, there) => {
    framed(here).write('half of it')
    here.end()
    await assert.rejects(read(framed(there)), { message: 'the connection broke off' })
  }))

test('a writer is held back by a reader that does not read', () =>
  withPair(async (here, there) => {
    const [one, other] = [framed(here), framed(there)]
    other.pause()
    let written = 0
    const piece = Buffer.alloc(1 << 16)
    let isHeld = false
    while (!isHeld && written < 64 << 20) {
      written += piece.length
      if (one.write(piece)) continue
      isHeld = await Promise.race([
        new Promise<false>((resolve) => one.once('drain', () => resolve(false))),
        new Promise<true>((resolve) => setTimeout(resolve, 500, true)),
      ])
    }
    assert.ok(written < 8 << 20, `${written} bytes were taken in`)
    const arrived = read(other)
    one.end()
    assert.equal((await arrived).length, written)
  }))

test('security-25: what is no frame ends the stream with a fault', async () => {
  const random = seededRandom('no frames')
  const sayings = [
    Buffer.from([0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x80, 0, 0, 0]),
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 7]),
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 0]),
    ...Array.from({ length: 20 }, () => Buffer.concat([Buffer.from([0x80 | random.bytes(1)[0]!]), random.bytes(99)])),
  ]
  for (const said of sayings) {
    const socket = new PassThrough({ writableHighWaterMark: 1 << 20 })
    const stream = framed(socket)
    let fault: Error | null = null
    stream.on('error', (error) => (fault = error)).resume()
    socket.end(said)
    await until('a fault', () => fault !== null)
    assert.ok(stream.destroyed)
  }
})
