// qemu-img, always told the format: it never guesses.
import { type Jail, type Limits, runConfined } from './confined.ts'
import { run } from './exec.ts'

/** Makes a qcow2 of `bytes` over `base` (a file in the same folder), in `folder`. An existing one is replaced. */
export async function createOverlay(
  folder: string,
  name: string,
  base: { name: string; format: 'raw' | 'qcow2' },
  bytes: number,
): Promise<void> {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', base.format, '-b', base.name, name, String(bytes)], { cwd: folder })
}

/** Names of the formats of the image service as qemu-img has them, where they differ. */
const ownNames: Record<string, string> = { vhd: 'vpc' }

/**
 * Writes what a guest would see of `from`, a file of a stranger, to the existing file `to` in another format, confined. Throws
 * CommandError; `to` then holds anything.
 */
export async function convertImage(
  from: { path: string; format: string },
  to: { path: string; format: 'raw' | 'qcow2' },
  { limits, signal, jail }: { limits: Limits; signal?: AbortSignal; jail?: Jail },
): Promise<void> {
  const name = ownNames[from.format] ?? from.format
  await runConfined(
    'qemu-img',
    ({ input, output }) => ['convert', '-q', '-m', '4', '-f', name, '-O', to.format, input, output],
    { input: from.path, output: to.path, limits, signal },
    jail,
  )
}

/** What QEMU sees in the file: its format when none is declared, its size, and the first other file that it would open. */
export interface ImageInfo {
  format: string
  virtualBytes: number
  reference: string | null
}

/** Looks at a file of a stranger, confined; finds the format by itself unless one is given. Throws CommandError when QEMU cannot read it. */
export async function imageInfo({ path, format }: { path: string; format?: string }): Promise<ImageInfo> {
  const declared = format === 'iso' ? 'raw' : format
  const as = declared === undefined ? [] : ['-f', ownNames[declared] ?? declared]
  const limits = { seconds: 30, memoryBytes: 2 ** 30, fileBytes: 2 ** 20 }
  const at = { input: path, output: null, limits }
  const shown = JSON.parse(await runConfined('qemu-img', ({ input }) => ['info', '--output=json', ...as, input], at))
  const data = shown['format-specific']?.data ?? {}
  const others = [shown['backing-filename'], shown['full-backing-filename'], data['data-file']]
  const parts: { filename: string }[] = data.extents ?? []
  const foreign = parts.length > 1 || parts.some(({ filename }) => filename !== shown.filename) ? parts.map(({ filename }) => filename) : []
  return {
    format: shown.format,
    virtualBytes: shown['virtual-size'],
    reference: [...others, ...foreign].find((name) => name !== undefined) ?? null,
  }
}
