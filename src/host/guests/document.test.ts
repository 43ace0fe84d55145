import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { guestSpec, testDisks, testImage } from '../../testing/host/guests.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { openJournal } from '../journal.ts'
import { type GuestSpecBefore, upgradeGuest } from './document.ts'

const before: GuestSpecBefore = {
  name: 'one',
  vcpus: 1,
  ramMiB: 64,
  diskGiB: 2,
  ephemeralGiB: 1,
  swapMiB: 32,
  image: testImage,
  kernel: null,
  ramdisk: null,
  kernelArguments: '',
  nics: [{ portId: 'p', mac: 'fa:16:3e:00:00:01', mtu: 1450 }],
  metadata: { a: 'b' },
  configDrive: true,
  power: 'off',
  shutdownTimeout: 1,
}
const { diskGiB, ephemeralGiB, swapMiB, image, configDrive, ...rest } = before
const now = { ...rest, disks: testDisks(image, { diskGiB, ephemeralGiB, swapMiB, configDrive }), channels: [] }

test('a document of before has the disks that its sizes and its image said', () => {
  assert.deepEqual(upgradeGuest(before), now)
  assert.deepEqual(
    now.disks.map(({ id, sizeMiB }) => [id, sizeMiB]),
    [
      ['root', 2048],
      ['ephemeral', 1024],
      ['swap', 32],
      ['config', 0],
    ],
  )
  assert.equal(upgradeGuest(guestSpec()).disks.length, 1)
})

test('an agent reads documents of before from its disk, and a removal stays one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'))
  try {
    const journal = openJournal(folder)
    const write = (id: string, spec: unknown) =>
      writeFileSync(join(folder, 'documents', `guest-${id}.json`), JSON.stringify({ kind: 'guest', id, generation: 3, spec }))
    write('a', before)
    write('b', null)
    const loaded = new Map(journal.load().map((document) => [document.id, document]))
    assert.deepEqual(loaded.get('a'), { kind: 'guest', id: 'a', generation: 3, spec: now })
    assert.equal(loaded.get('b')!.spec, null)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('services and agents see documents of before in the database as those of today', async () => {
  await using cloud = await testCloud()
  const { hosts, database } = cloud.cloud
  const id = cloud.cloud.environment.uuid()
  await database.write((tx) => hosts.put(tx, 'away', 'guest', id, before as never))
  assert.deepEqual(await hosts.get(database.read, 'away', 'guest', id), now)
  const generation = async () =>
    (await database.read.selectFrom('host_documents').select('generation').where('id', '=', id).executeTakeFirstOrThrow()).generation
  const first = await generation()
  await database.write((tx) => hosts.put(tx, 'away', 'guest', id, now as never))
  assert.equal(await generation(), first, 'it is the same')
})
