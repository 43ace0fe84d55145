// Whether KVM really runs guests here: /dev/kvm may exist and hang. Only a guest that ran under it tells, and only a time limit ends the wait.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../../log.ts'
import { CommandError, run } from '../commands/exec.ts'

export type Accelerator = 'kvm' | 'tcg'

const answerMs = 2500
const sign = 'guest runs'

/** A boot sector that writes the sign to the serial port and leaves QEMU through its exit port. */
export function bootSector(): Buffer {
  const sector = Buffer.alloc(512)
  const text = Buffer.from(`${sign}\0`)
  const code = [
    0xfc,
    0x31,
    0xc0,
    0x8e,
    0xd8, // cld; xor ax,ax; mov ds,ax
    0xbe,
    0x00,
    0x7d,
    0xba,
    0xf8,
    0x03, // mov si,0x7d00; mov dx,0x3f8
    0xac,
    0x84,
    0xc0,
    0x74,
    0x03,
    0xee,
    0xeb,
    0xf8, // next: lodsb; test al,al; jz done; out dx,al; jmp next
    0xba,
    0x01,
    0x05,
    0xb0,
    0x10,
    0xee,
    0xf4,
    0xeb,
    0xfd, // done: mov dx,0x501; mov al,0x10; out dx,al; halt: hlt; jmp halt
  ]
  Buffer.from(code).copy(sector)
  text.copy(sector, 0x100)
  sector.writeUInt16LE(0xaa55, 510)
  return sector
}

/** Runs the boot sector under an accelerator; true when its sign was seen within the limit. */
export async function runsUnder(accelerator: Accelerator, limitMs = answerMs): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'nephos-probe-'))
  try {
    await writeFile(join(folder, 'disk'), bootSector())
    const output = await run(
      'qemu-system-x86_64',
      [
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'pc', '-accel', accelerator, '-m', '16M', '-no-reboot'],
        ...['-serial', 'stdio', '-device', 'isa-debug-exit,iobase=0x501,iosize=2'],
        ...['-drive', 'if=ide,format=raw,file=disk'],
      ],
      { cwd: folder, timeout: limitMs, accept: [0x10 * 2 + 1] },
    )
    return output.includes(sign)
  } catch (error) {
    if (error instanceof CommandError) return false
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * `kvm` when a guest ran under it within 2.5 seconds, else `tcg`. The answer is kept in the data folder until the machine starts anew.
 * Says in the log what was found when it was looked for.
 */
export async function probeAccelerator(options: { dataDir: string; log: Log }): Promise<Accelerator> {
  const { dataDir, log } = options
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  const path = join(dataDir, 'cache', 'accelerator.json')
  const kept = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as { bootId?: string; accelerator?: string },
    () => null,
  )
  if (kept?.bootId === bootId && (kept.accelerator === 'kvm' || kept.accelerator === 'tcg')) return kept.accelerator
  const hasDevice = await stat('/dev/kvm').then(
    () => true,
    () => false,
  )
  const accelerator = hasDevice && (await runsUnder('kvm')) ? 'kvm' : 'tcg'
  const why = hasDevice ? `/dev/kvm is there, but no guest ran under it within ${answerMs} ms` : 'there is no /dev/kvm'
  if (accelerator === 'kvm') log.info({ accelerator }, 'guests run under KVM')
  else log.warn({ accelerator }, `guests are emulated, which is slow: ${why}`)
  await keep(join(dataDir, 'cache'), JSON.stringify({ bootId, accelerator }))
  return accelerator
}

/** Without a data folder, or rights in it, the answer is good but not kept: nothing is made for its sake. */
async function keep(folder: string, answer: string): Promise<void> {
  const ignore =
    (...codes: string[]) =>
    (error: NodeJS.ErrnoException) => {
      if (!codes.includes(error.code ?? '')) throw error
    }
  await mkdir(folder).catch(ignore('EEXIST', 'ENOENT', 'EACCES', 'EROFS'))
  await writeFile(join(folder, 'accelerator.json'), answer).catch(ignore('ENOENT', 'EACCES', 'EROFS'))
}
