// Class 02: a guest may write what it likes at the start of its disk; what a disk is stands in the document, and nobody looks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guestSpec, testDisks, testImage } from '../../testing/host/guests.ts'
import { assignSlots, slotted } from './device-words.ts'
import type { GuestSpec } from './document.ts'
import { qemuArgs } from './qemu-args.ts'

interface Node {
  driver?: string
  file?: Node | string
  backing?: Node | string | null
  filename?: string
}

/** The block nodes among QEMU's arguments. */
function nodes(spec: GuestSpec): Node[] {
  const args = qemuArgs(spec, {
    id: '11111111-2222-4333-8444-555555555555',
    accelerator: 'tcg',
    taps: [],
    slots: assignSlots(slotted(spec), {}),
  })
  return args.flatMap((arg, index) => (arg === '-blockdev' ? [JSON.parse(args[index + 1]!) as Node] : []))
}

/** Throws where QEMU would guess a format, or follow what a header says. */
function check(node: Node): void {
  assert.ok(node.driver === 'raw' || node.driver === 'qcow2', `a format that is named: ${JSON.stringify(node)}`)
  assert.ok(typeof node.file === 'object' && node.file.driver === 'file', `a file, not a name to be parsed: ${JSON.stringify(node)}`)
  assert.match(node.file.filename!, /^[a-z]+\.(img|qcow2|raw|iso)$/)
  if (node.driver === 'raw') {
    assert.equal(node.backing, undefined)
    return
  }
  assert.notEqual(node.backing, undefined, 'QEMU would take the backing file from the header')
  if (node.backing !== null) {
    assert.equal(typeof node.backing, 'object')
    check(node.backing as Node)
  }
}

test('security-02: every disk of every guest has its format named, down to the last file', () => {
  for (const format of ['raw', 'qcow2'] as const)
    for (const ephemeralGiB of [0, 1])
      for (const swapMiB of [0, 1])
        for (const configDrive of [false, true])
          for (const kernel of [null, testImage]) {
            const all = nodes(
              guestSpec({ disks: testDisks({ ...testImage, format }, { ephemeralGiB, swapMiB, configDrive }), kernel, ramdisk: kernel }),
            )
            assert.equal(all.length, 1 + ephemeralGiB + swapMiB + Number(configDrive))
            all.forEach(check)
          }
})

test('security-02: no disk is given in a form in which QEMU looks for itself', () => {
  const spec = guestSpec({ disks: testDisks(testImage, { ephemeralGiB: 1, swapMiB: 1, configDrive: true }) })
  const args = qemuArgs(spec, {
    id: '11111111-2222-4333-8444-555555555555',
    accelerator: 'kvm',
    taps: [],
    slots: assignSlots(slotted(spec), {}),
  })
  for (const option of ['-drive', '-hda', '-hdb', '-cdrom', '-fda', '-snapshot', '-pflash', '-mtdblock', '-sd', '-incoming', '-loadvm'])
    assert.ok(!args.includes(option), option)
})
