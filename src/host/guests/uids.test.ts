import assert from 'node:assert/strict'
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { UserError } from '../../config.ts'
import { createGuestUids, guestUidRange, isGuestUid } from './uids.ts'

const whole = '         0          0 4294967295\n'
const container = '         0     100000      65536\n'

test('two data folders have numbers of their own, the same at each start', () => {
  const one = guestUidRange(null, '/var/lib/nephos', whole)
  const other = guestUidRange(null, '/srv/other', whole)
  assert.deepEqual(guestUidRange(null, '/var/lib/nephos', whole), one)
  assert.ok(Math.abs(one.first - other.first) >= one.count)
  for (const { first, count } of [one, other]) assert.ok(first >= 2_000_000_000 && first + count < 2 ** 31)
})

test('where few numbers are mapped others are taken; what is not mapped is refused with the name of the setting', () => {
  const { first, count } = guestUidRange(null, '/var/lib/nephos', container)
  assert.ok(first + count <= 65_536)
  assert.deepEqual(guestUidRange(1_000_000, '/x', whole), { first: 1_000_000, count })
  assert.throws(
    () => guestUidRange(1_000_000, '/x', container),
    (error) => error instanceof UserError && /--guest-uids/.test(error.message),
  )
  assert.throws(() => guestUidRange(null, '/x', '0 0 1\n'), UserError)
})

test('the users of guests are known, also the one of earlier versions', () => {
  const range = { first: 100, count: 10 }
  assert.deepEqual(
    [100, 101, 109, 110, 64_990, 0].map((uid) => isGuestUid(range, uid)),
    [false, true, true, false, true, false],
  )
})

test('numbers go round before one is given again, those in use are passed over, and when all are taken it says so', {
  skip: process.getuid?.() !== 0 && 'files of other users need root',
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'uids-'))
  const taps: number[] = [1_900_000_002]
  const make = () => createGuestUids({ dataDir, range: { first: 1_900_000_000, count: 5 }, tapOwners: async () => taps })
  const id = (n: number) => `${String(n).repeat(8)}-2222-4333-8444-555555555555`
  const folder = (n: number) => join(dataDir, 'guests', id(n))
  try {
    for (let n = 1; n <= 4; n++) await mkdir(folder(n), { recursive: true })
    const uids = make()
    assert.deepEqual(await Promise.all([uids.of(id(1)), uids.of(id(2)), uids.of(id(1))]), [1_900_000_001, 1_900_000_003, 1_900_000_001])
    await rm(folder(1), { recursive: true })
    await uids.release(id(1))
    assert.equal(await uids.of(id(3)), 1_900_000_004, 'not the one that has just become free')
    assert.equal(await make().of(id(3)), 1_900_000_004, 'remembered')
    assert.equal(await uids.of(id(4)), 1_900_000_001)
    await mkdir(folder(5), { recursive: true })
    await assert.rejects(uids.of(id(5)), /all 4 user numbers/)
    taps.length = 0
    assert.equal(await uids.of(id(5)), 1_900_000_002)
    await writeFile(join(folder(5), 'root.qcow2'), '')
    await chown(join(folder(5), 'root.qcow2'), 1_900_000_002, 0)
    await writeFile(join(dataDir, 'agent/guest-uids.json'), '{')
    assert.equal(await make().of(id(5)), 1_900_000_002, 'known by its disk when the list was lost')
  } finally {
    await rm(dataDir, { recursive: true })
  }
})
