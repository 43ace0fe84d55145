import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { fakeScreen } from './vnc.ts'

const picture = 16 + 640 * 400 * 4
const request = Buffer.from([3, 0, 0, 0, 0, 0, 2, 128, 1, 144])

/** A screen whose viewer has said hello and reads nothing yet. */
function opened() {
  const screen = fakeScreen('guest')
  screen.write('RFB 003.008\n')
  screen.write(Buffer.from([1, 1]))
  return screen
}

test('requests for pictures that nobody reads are answered by one', async () => {
  const screen = opened()
  for (let i = 0; i < 1000; i++) screen.write(request)
  const hello = 12 + 2 + 4 + 24 + 'guest'.length
  assert.equal(screen.readableLength, hello + picture)
  const first: Buffer = screen.read()
  screen.end()
  let rest = 0
  for await (const chunk of screen) rest += chunk.length
  assert.equal(first.length + rest, hello + 2 * picture)
})

test('a long text of the viewer is passed over, and what comes behind it is understood', async () => {
  const screen = opened()
  screen.read()
  screen.write(Buffer.from([6, 0, 0, 0, 0, 0x20, 0, 0]))
  for (let i = 0; i < 32; i++) screen.write(Buffer.alloc(1 << 16, 7))
  screen.write(request)
  await once(screen, 'readable')
  assert.equal(screen.read()?.length, picture)
})
