import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findProgram } from '../cli/host-programs.ts'
import { fileOf, GiB, iso, MiB, mutate, numbers, ova, qcow2, sparseVmdk, vdi, vhd, vhdx, vmdk } from '../testing/disk-formats.ts'
import { checkSafe, inspect, UnsafeImage } from './inspect.ts'

/** Places that mean something, so that changes are not lost in empty space. */
const hot: [string, Buffer, [from: number, length: number][]][] = [
  [
    'qcow2',
    qcow2(),
    [
      [0, 120],
      [65_536, 16],
      [3 * 65_536, 16],
    ],
  ],
  [
    'vmdk',
    vmdk(sparseVmdk),
    [
      [0, 80],
      [512, 200],
    ],
  ],
  ['vdi', vdi(), [[64, 340]]],
  ['vhd', vhd(3), [[0, 512]]],
  [
    'vhdx',
    vhdx(),
    [
      [192 * 1024, 64],
      [2 * MiB, 200],
      [2 * MiB + 65_536, 40],
    ],
  ],
  ['iso', iso(), [[32_768, 200]]],
  [
    'ova',
    ova(),
    [
      [0, 512],
      [512, 600],
      [2048, 600],
    ],
  ],
]
test('random damage never throws, hangs, or makes the reader read much', async () => {
  const seed = randomInt(2 ** 31)
  const next = numbers(seed)
  for (const [format, content, places] of hot) {
    for (let round = 0; round < 150; round++) {
      const changed = mutate(content, places, next)
      let bytes = 0
      // The size is a claim too: sparse files are of any.
      const size = next(5) === 0 ? 2 ** (20 + next(30)) : changed.length
      const file = fileOf(changed, Math.max(size, changed.length))
      const counted = {
        stat: file.stat,
        async read(...parts: Parameters<typeof file.read>) {
          bytes += parts[2]
          return file.read(...parts)
        },
      }
      const started = process.cpuUsage()
      const where = `${format}, seed ${seed}, round ${round}`
      await inspect(counted).catch((error: Error) => assert.fail(`${where}: ${error.stack}`))
      assert.ok(bytes <= 40 * MiB, `${where}: ${bytes} bytes were read`)
      assert.ok(process.cpuUsage(started).user < 3e6, `${where} took long`)
      await checkSafe(file, format, { maxVirtualBytes: GiB }).then(
        (found) => assert.ok((found.virtualBytes ?? 0) <= GiB && found.backingFile === null && !found.extents.length, where),
        (error) => assert.ok(error instanceof UnsafeImage, `${where}: ${error.stack}`),
      )
    }
  }
})

const noMaker = findProgram('qemu-img') ? false : 'qemu-img is not installed here'

test('what qemu-img makes is taken, with the size that it tells', { skip: noMaker }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-formats-'))
  const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { cwd: folder, encoding: 'utf8' })
  const made: [file: string, ours: string, theirs: string, options: string[]][] = [
    ['raw', 'raw', 'raw', []],
    ['qcow2', 'qcow2', 'qcow2', []],
    ['qcow2-v2', 'qcow2', 'qcow2', ['-o', 'compat=0.10']],
    ['qcow2-small-clusters', 'qcow2', 'qcow2', ['-o', 'cluster_size=4k,extended_l2=off']],
    ['qcow2-extended', 'qcow2', 'qcow2', ['-o', 'extended_l2=on']],
    ['vmdk', 'vmdk', 'vmdk', []],
    ['vmdk-stream', 'vmdk', 'vmdk', ['-o', 'subformat=streamOptimized']],
    ['vdi', 'vdi', 'vdi', []],
    ['vhd', 'vhd', 'vpc', []],
    ['vhd-fixed', 'vhd', 'vpc', ['-o', 'subformat=fixed,force_size=on']],
    ['vhdx', 'vhdx', 'vhdx', []],
  ]
  try {
    qemuImg('create', '-q', '-f', 'raw', 'source', '33M')
    for (const [name, ours, theirs, options] of made) {
      qemuImg('convert', '-f', 'raw', '-O', theirs, ...options, 'source', name)
      const { 'virtual-size': size } = JSON.parse(qemuImg('info', '-f', theirs, '--output=json', name))
      const file = await open(join(folder, name), 'r')
      try {
        assert.equal((await checkSafe(file, ours, { maxVirtualBytes: GiB })).virtualBytes, size, name)
        if (ours !== 'raw') await assert.rejects(checkSafe(file, 'raw', { maxVirtualBytes: GiB }), UnsafeImage, name)
      } finally {
        await file.close()
      }
    }
    for (const [name, args] of [
      ['qcow2 over another', ['-F', 'raw', '-b', 'source']],
      ['qcow2 with its data outside', ['-o', 'data_file=outside']],
    ] as const) {
      qemuImg('create', '-q', '-f', 'qcow2', ...args, 'bad', '33M')
      const file = await open(join(folder, 'bad'), 'r')
      await assert.rejects(checkSafe(file, 'qcow2', { maxVirtualBytes: GiB }), UnsafeImage, name)
      await file.close()
    }
    qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=monolithicFlat', 'source', 'flat')
    const flat = await open(join(folder, 'flat'), 'r')
    await assert.rejects(checkSafe(flat, 'vmdk', { maxVirtualBytes: GiB }), /other files|not supported/)
    await flat.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
