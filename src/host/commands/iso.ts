// ISO 9660 images through genisoimage, or xorriso where that is missing.
import { CommandError, run } from './exec.ts'

/** Makes `image` of all that is in `folder`, with Rock Ridge and Joliet names and the volume label `label`. */
export async function makeIso(folder: string, image: string, label: string): Promise<void> {
  const args = ['-quiet', '-R', '-J', '-V', label, '-o', image, folder]
  try {
    await run('genisoimage', args)
  } catch (error) {
    if (!(error instanceof CommandError) || !error.stderr.includes('ENOENT')) throw error
    await run('xorriso', ['-as', 'mkisofs', ...args])
  }
}
