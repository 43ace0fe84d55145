import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { steppedClock } from '../../environment.ts'
import type { GuestImage } from './document.ts'
import { createImages } from './images.ts'

const signal = new AbortController().signal
const sha512 = (content: Buffer) => createHash('sha512').update(content).digest('hex')
const imageOf = (content: Buffer, change: Partial<GuestImage> = {}): GuestImage => ({
  id: 'i',
  format: 'raw',
  size: content.length,
  sha512: sha512(content),
  ...change,
})

async function cacheOf(content: Buffer) {
  const dataDir = await mkdtemp(join(tmpdir(), 'images-'))
  const clock = steppedClock(Date.now())
  let fetched = 0
  const images = createImages({
    dataDir,
    clock,
    fetchImage: async (_image, toPath) => {
      fetched++
      await writeFile(toPath, content)
    },
  })
  return {
    images,
    clock,
    dataDir,
    fetched: () => fetched,
    cached: () => readdir(join(dataDir, 'cache/images')),
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true }),
  }
}

test('two guests at once fetch an image once and share the file', async () => {
  const content = Buffer.from('disk')
  await using cache = await cacheOf(content)
  const paths = ['a', 'b'].map((name) => join(cache.dataDir, name))
  await Promise.all(paths.map((path) => cache.images.link(imageOf(content), path, signal)))
  await cache.images.link(imageOf(content), paths[0]!, signal)
  assert.equal(cache.fetched(), 1)
  assert.equal(await readFile(paths[1]!, 'utf8'), 'disk')
  assert.equal((await stat(paths[0]!)).nlink, 3)
  assert.equal((await stat(paths[0]!)).mode & 0o777, 0o444)
})

test('an image goes when no guest uses it and it was not used for a while', async () => {
  const content = Buffer.from('disk')
  await using cache = await cacheOf(content)
  const path = join(cache.dataDir, 'a')
  await cache.images.link(imageOf(content), path, signal)
  await cache.clock.advance(5000)
  assert.deepEqual(await cache.images.prune(1000), [], 'a guest uses it')
  await rm(path)
  assert.deepEqual(await cache.images.prune(10_000), [], 'it was used a short while ago')
  assert.deepEqual(await cache.images.prune(1000), await cache.cached().then(() => [`${sha512(content).slice(0, 40)}.raw`]))
  assert.deepEqual(await cache.cached(), [])
})

const qcow2Head = Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(600)])
const refused: [string, Buffer, Partial<GuestImage>, RegExp][] = [
  ['another sum', Buffer.from('disk'), { sha512: 'b'.repeat(128) }, /another SHA-512/],
  ['another size', Buffer.from('disk'), { size: 5 }, /4 bytes instead of 5/],
  ['another format', qcow2Head, {}, /content is qcow2, not raw/],
  ['a sum that is a path', Buffer.from('disk'), { sha512: '../../../../tmp/x' }, /no SHA-512/],
]
for (const [name, content, change, message] of refused) {
  test(`refused and not kept: ${name}`, async () => {
    await using cache = await cacheOf(content)
    await assert.rejects(cache.images.link(imageOf(content, change), join(cache.dataDir, 'a'), signal), message)
    assert.deepEqual(await cache.cached().catch(() => []), [])
    await assert.rejects(stat(join(cache.dataDir, 'a')))
  })
}
