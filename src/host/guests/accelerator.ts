// Whether KVM really runs guests here: /dev/kvm may exist and hang, or be closed to them. Only a guest that ran under it tells, and only a
// time limit ends the wait.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../../log.ts'
import { CommandError, run } from '../commands/exec.ts'

export type Accelerator = 'kvm' | 'tcg'

const answerMs = 2500
/** KVM may take so many times as long as emulation for a guest that does next to nothing, and so long in any case, in ms. */
const slower = 3
const leastMs = 500
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

/** Why no guest may use that device; undefined when one may. A guest is a user of its own, and joins the device's group. */
export function barrier(device: { mode: number; gid: number } | null): { text: string; mend?: string } | undefined {
  if (!device) return { text: 'there is no /dev/kvm' }
  const isOpen = (device.mode & 0o006) === 0o006 || (device.gid !== 0 && (device.mode & 0o060) === 0o060)
  return isOpen
    ? undefined
    : { text: '/dev/kvm is closed to guests, which are users of their own', mend: 'chgrp kvm /dev/kvm && chmod 660 /dev/kvm' }
}

const kvmBarrier = async () => barrier(await stat('/dev/kvm').catch(() => null))

/** Why guests do not run under KVM on this machine, where they do not. */
export const whyEmulated = async (): Promise<{ text: string; mend?: string }> =>
  (await kvmBarrier()) ?? { text: '/dev/kvm is there, but no guest ran under it as fast as emulated' }

/**
 * Whether KVM runs a guest, and does so in a time near to what emulation needs: within a virtual machine it may take so long over each step
 * of one that guests come up in minutes, or never.
 */
async function isWorthIt(): Promise<boolean> {
  const began = performance.now()
  const emulated = await runsUnder('tcg')
  return runsUnder('kvm', emulated ? Math.max(leastMs, (performance.now() - began) * slower) : answerMs)
}

/**
 * `kvm` when guests may use it and one ran under it about as fast as emulated, else `tcg`. The answer is kept in the data folder until the
 * machine starts anew. Says in the log what was found when it was looked for.
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
  const accelerator = !(await kvmBarrier()) && (await isWorthIt()) ? 'kvm' : 'tcg'
  if (accelerator === 'kvm') log.info({ accelerator }, 'guests run under KVM')
  else {
    const { text, mend } = await whyEmulated()
    log.warn({ accelerator }, `guests are emulated, which is slow: ${text}.${mend ? ` Mend: ${mend}` : ''}`)
  }
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
