import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hashFile, receive } from '../stores/receive.ts'

const MiB = 2 ** 20
const md5 = (data: Buffer) => createHash('md5').update(data).digest('hex')
const sha512 = (data: Buffer) => createHash('sha512').update(data).digest('hex')

async function* pieces(data: Buffer, size: number, failAt = Number.POSITIVE_INFINITY) {
  for (let at = 0; at < data.length; at += size) {
    if (at >= failAt) throw new Error('broken off')
    yield data.subarray(at, at + size)
  }
}

test('data of any size in pieces of any size arrives whole and with its hashes, several at a time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-receive-'))
  try {
    const sizes = [0, 1, MiB - 1, MiB, MiB + 1, 9 * MiB + 7]
    const cases = sizes.flatMap((size) => [1000, 65_536, 3 * MiB + 1].map((piece) => ({ data: randomBytes(size), piece })))
    await Promise.all(
      cases.map(async ({ data, piece }, index) => {
        const path = join(folder, String(index))
        const expected = { size: data.length, md5: md5(data), sha512: sha512(data) }
        assert.deepEqual(await receive(pieces(data, piece), path, data.length), expected)
        assert.ok(readFileSync(path).equals(data))
        assert.deepEqual(await hashFile(path, data.length), expected)
        if (data.length) await assert.rejects(hashFile(path, data.length - 1), { status: 413 })
      }),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what breaks off or is too large fails, and the next one is right', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-receive-'))
  try {
    const data = randomBytes(6 * MiB)
    const path = join(folder, 'x')
    await assert.rejects(receive(pieces(data, 65_536, 4 * MiB), path, data.length), /broken off/)
    await assert.rejects(receive(pieces(data, 65_536), path, data.length - 1), { status: 413 })
    assert.equal((await receive(pieces(data, 65_536), path, data.length)).sha512, sha512(data))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
