// The serial console's log: QEMU appends without end, so what is over a limit is cut off at the front.
import { copyFile, open, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { names } from './files.ts'

const maxBytes = 2 ** 20
const maxShown = 2 ** 20

/** Makes the log when it is not there. */
export async function openConsoleLog(folder: string): Promise<void> {
  const file = await open(join(folder, names.console), 'a', 0o600)
  await file.close()
}

const maxSaid = 64 * 1024

/** Empties what QEMU itself said when it is over 64 KiB: a guest can make it say things. */
export async function cutQemuLog(folder: string): Promise<void> {
  if ((await stat(join(folder, names.log))).size > maxSaid) await truncate(join(folder, names.log))
}

/** Keeps a log over 1 MiB as the older part and begins anew; a guest that writes just then may lose a line. */
export async function cutConsoleLog(folder: string): Promise<void> {
  const path = join(folder, names.console)
  const { size } = await stat(path)
  if (size <= maxBytes) return
  if (size <= 8 * maxBytes) await copyFile(path, join(folder, names.olderConsole))
  await truncate(path)
}

/** The last `lines` lines, or all that is kept; empty when there is no log yet. Bytes that are no UTF-8 become U+FFFD. */
export async function readConsoleLog(folder: string, lines?: number): Promise<string> {
  const text = Buffer.concat([await tail(join(folder, names.olderConsole)), await tail(join(folder, names.console))])
  const shown = text.subarray(Math.max(0, text.length - maxShown)).toString()
  if (lines === undefined) return shown
  if (lines <= 0) return ''
  const all = shown.split('\n')
  const last = all.at(-1) === '' ? 1 : 0
  return all.slice(Math.max(0, all.length - lines - last)).join('\n')
}

async function tail(path: string): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (!file) return Buffer.alloc(0)
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, maxShown))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, Math.max(0, size - maxShown))
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
