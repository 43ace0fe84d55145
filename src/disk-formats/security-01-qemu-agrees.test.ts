import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findProgram } from '../cli/host-programs.ts'
import type { CommandError } from '../host/commands/exec.ts'
import { imageInfo } from '../host/commands/qemu-img.ts'
import {
  fileOf,
  GiB,
  iso,
  MiB,
  mutate,
  numbers,
  qcow2,
  sparseVmdk,
  sumVhd,
  sumVhdx,
  text,
  vdi,
  vhd,
  vhdx,
  vmdk,
} from '../testing/disk-formats.ts'
import { checkSafe, type Inspection, UnsafeImage } from './inspect.ts'

const skip = findProgram('qemu-img') && findProgram('bwrap') ? false : 'qemu-img and bubblewrap are not installed here'
const limits = { maxVirtualBytes: 64 * GiB }
let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'nephos-agree-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const accepted = (content: Buffer, format: string): Promise<Inspection | null> =>
  checkSafe(fileOf(content), format, limits).catch((error) => {
    assert.ok(error instanceof UnsafeImage, (error as Error).stack)
    return null
  })

/** Fails unless QEMU sees what the reader saw: the size, and no other file. A format that is declared is one that QEMU would find, too. */
async function mustAgree(content: Buffer, format: string, found: Inspection, what: string): Promise<void> {
  const path = join(folder, 'image')
  writeFileSync(path, content)
  const keep = () => {
    const kept = join(tmpdir(), `nephos-disagree-${format}-${process.pid}`)
    writeFileSync(kept, content)
    return `${what} (kept in ${kept})`
  }
  const declared = await imageInfo({ path, format }).catch((error: CommandError) => assert.fail(`${keep()}: ${error.message}`))
  const { reference, virtualBytes } = declared
  assert.deepEqual({ reference, virtualBytes }, { reference: null, virtualBytes: Math.ceil(found.virtualBytes! / 512) * 512 }, keep())
  if (format === 'vhd' || format === 'iso') return // a fixed VHD is not found by probing, and an ISO is raw to QEMU
  assert.equal((await imageInfo({ path })).format, format, keep())
}

/** So many damaged files that the reader takes are given to QEMU. */
const rounds = 60
const headers: Record<string, [from: number, length: number][]> = {
  qcow2: [
    [0, 128],
    [65_536, 16],
    [3 * 65_536, 16],
  ],
  vmdk: [
    [0, 80],
    [512, 700],
    [512, 700],
  ],
  'vmdk-stream': [
    [0, 80],
    [512, 700],
    [512, 700],
  ],
  vdi: [[64, 440]],
  vhd: [
    [0, 90],
    [512, 60],
  ],
  'vhd-fixed': [[-512, 90]],
  vhdx: [
    [64 * 1024, 100],
    [128 * 1024, 100],
    [192 * 1024, 90],
    [3 * MiB, 200],
    [3 * MiB + 65_536, 40],
  ],
  raw: [[0, 600]],
}
const options: Record<string, [ours: string, theirs: string, options: string[]]> = {
  qcow2: ['qcow2', 'qcow2', []],
  'qcow2-v2': ['qcow2', 'qcow2', ['-o', 'compat=0.10']],
  'qcow2-zstd': ['qcow2', 'qcow2', ['-o', 'compression_type=zstd,extended_l2=on']],
  vmdk: ['vmdk', 'vmdk', []],
  'vmdk-stream': ['vmdk', 'vmdk', ['-o', 'subformat=streamOptimized']],
  vdi: ['vdi', 'vdi', []],
  vhd: ['vhd', 'vpc', []],
  'vhd-exact': ['vhd', 'vpc', ['-o', 'force_size=on']],
  'vhd-fixed': ['vhd', 'vpc', ['-o', 'subformat=fixed,force_size=on']],
  vhdx: ['vhdx', 'vhdx', []],
  raw: ['raw', 'raw', []],
}

/** Checksums that a careful attacker sets right. */
function mend(content: Buffer, format: string): void {
  if (format === 'vhdx') sumVhdx(content)
  else if (!format.startsWith('vhd')) return
  else if (format !== 'vhd-fixed' && content.length >= 1536) {
    sumVhd(content, 512, 64)
    sumVhd(content.subarray(512), 1024, 36)
  } else if (content.length >= 512) sumVhd(content.subarray(content.length - 512), 512, 64)
}

const byHand: [name: string, format: string, content: Buffer][] = [
  ['qcow2', 'qcow2', qcow2()],
  ['qcow2 of version 2', 'qcow2', qcow2(undefined, 2)],
  ['vmdk', 'vmdk', vmdk(sparseVmdk)],
  ['vmdk with other line ends', 'vmdk', vmdk(sparseVmdk.replaceAll('\n', '\r\n'))],
  ['vdi', 'vdi', vdi()],
  ['dynamic vhd', 'vhd', vhd(3)],
  ['fixed vhd', 'vhd', vhd(2, true)],
  ['vhdx', 'vhdx', vhdx()],
  ['iso', 'iso', iso()],
  ['hybrid iso as raw', 'raw', iso(true)],
  ['text as raw', 'raw', text('#!/bin/sh\nexit 1\n')],
  ['odd number of bytes', 'raw', text('x', 1001)],
]
for (const [name, format, content] of byHand) {
  test(`what the reader takes, QEMU sees likewise: ${name}`, { skip }, async () => {
    const found = await accepted(content, format)
    assert.ok(found)
    await mustAgree(content, format, found, name)
  })
}

for (const [name, [ours, theirs, more]] of Object.entries(options)) {
  test(`what the reader takes of damaged ${name}, QEMU sees likewise`, { skip }, async () => {
    const seed = randomInt(2 ** 31)
    const next = numbers(seed)
    const source = join(folder, 'source')
    execFileSync('qemu-img', ['create', '-q', '-f', 'raw', source, name === 'vhd-fixed' || name === 'raw' ? '1M' : '33M'])
    execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', theirs, ...more, source, join(folder, name)])
    const whole = readFileSync(join(folder, name))
    const found = await accepted(whole, ours)
    assert.ok(found, `${name} as QEMU makes it is refused`)
    await mustAgree(whole, ours, found, name)
    const places = (headers[name] ?? headers[ours]!).map(([from, length]): [number, number] => [
      from < 0 ? whole.length + from : from,
      length,
    ])
    let left = rounds
    for (let round = 0; left > 0 && round < rounds * 20; round++) {
      const changed = mutate(whole, places, next)
      mend(changed, name)
      const taken = await accepted(changed, ours)
      if (!taken) continue
      left--
      await mustAgree(changed, ours, taken, `${name}, seed ${seed}, round ${round}`)
    }
  })
}
