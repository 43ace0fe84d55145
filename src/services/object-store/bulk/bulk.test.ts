import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { bunzip2 } from './bzip2.ts'

/** An archive made by the real tar, of `c/LONG/a`, `c/big` and an empty file. */
function archive(flag: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-tar-'))
  const long = 'l'.repeat(120)
  mkdirSync(join(folder, 'c', long), { recursive: true })
  writeFileSync(join(folder, 'c', long, 'a'), 'text')
  writeFileSync(join(folder, 'c', 'big'), Buffer.alloc(100_000, 'big'))
  writeFileSync(join(folder, 'c', 'empty'), '')
  execFileSync('tar', [flag, join(folder, 'x.tar'), '-C', folder, 'c'])
  const bytes = readFileSync(join(folder, 'x.tar'))
  rmSync(folder, { recursive: true })
  return bytes
}

test('archives become objects, and lists of names take them away', async () => {
  await using cloud = await testCloud()
  const { member, account } = await withContainer(cloud)
  const json = { accept: 'application/json' }
  for (const [kind, flag] of [
    ['tar', '-cf'],
    ['tar.gz', '-czf'],
    ['tar.bz2', '-cjf'],
  ] as const) {
    const { body } = await member.request('PUT', `${account}?extract-archive=${kind}`, { raw: archive(flag), headers: json, expected: 200 })
    assert.deepEqual([body['Number Files Created'], body['Response Status'], body.Errors], [3, '201 Created', []])
    const listed = (await member.get(`${account}/c`)).text
    assert.equal(listed, `big\nempty\n${'l'.repeat(120)}/a\n`)
    assert.equal((await member.get(`${account}/c/big`)).text, 'big'.repeat(33_334).slice(0, 100_000))
    const raw = `c/big\n/c/empty\nc/${'l'.repeat(120)}/a\nc/missing\nc`
    const removed = (
      await member.request('POST', `${account}?bulk-delete`, { raw, headers: { ...json, 'content-type': 'text/plain' }, expected: 200 })
    ).body
    assert.deepEqual([removed['Number Deleted'], removed['Number Not Found'], removed.Errors], [4, 1, []])
    await member.get(`${account}/c`, 404)
  }
  const broken = await member.request('PUT', `${account}?extract-archive=tar`, {
    raw: archive('-cf').subarray(0, 3000),
    headers: json,
    expected: 200,
  })
  assert.equal(broken.body['Response Status'], '400 Bad Request')
  await member.request('PUT', `${account}?extract-archive=zip`, { raw: 'x', expected: 400 })
  const stranger = await cloud.as('member', 'project-2')
  const refused = (await stranger.request('PUT', `${account}?extract-archive=tar`, { raw: archive('-cf'), headers: json, expected: 200 }))
    .body
  assert.deepEqual([refused['Number Files Created'], refused.Errors.length], [0, 3])
  const kept = (await stranger.request('POST', `${account}?bulk-delete`, { raw: 'things', headers: json, expected: 200 })).body
  assert.deepEqual([kept['Number Deleted'], kept.Errors], [0, [['things', '403 Forbidden']]])
})

test('bzip2 comes out as it went in, and what is broken is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-bz-'))
  try {
    for (const data of [
      Buffer.alloc(0),
      Buffer.from('a'),
      Buffer.alloc(1_500_000, 'ab'),
      Buffer.alloc(2_000_000),
      readFileSync(process.execPath).subarray(0, 2_000_000),
    ]) {
      writeFileSync(join(folder, 'x'), data)
      const packed = execFileSync('bzip2', ['-c', join(folder, 'x')], { maxBuffer: 1e8 })
      const unpack = async (bytes: Buffer) => {
        const hash = createHash('md5')
        const source = async function* () {
          for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
        }
        for await (const piece of bunzip2(source())) hash.update(piece)
        return hash.digest('hex')
      }
      assert.equal(await unpack(packed), createHash('md5').update(data).digest('hex'))
      if (!data.length) continue
      const wrong = Buffer.from(packed)
      wrong[packed.length >> 1]! ^= 0x10
      await assert.rejects(unpack(wrong), { status: 400 })
      await assert.rejects(unpack(packed.subarray(0, packed.length >> 1)), { status: 400 })
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
