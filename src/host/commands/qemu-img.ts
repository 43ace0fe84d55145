// qemu-img, always told the format: it never guesses.
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
