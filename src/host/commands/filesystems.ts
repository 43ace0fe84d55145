// File systems on files that become disks of guests.
import { run } from './exec.ts'

/** Makes a swap area of a file. */
export const makeSwap = (file: string) => run('mkswap', ['-q', file])

/** Makes an ext4 file system with a label; its tables are written when the guest uses them. */
export const makeExt4 = (file: string, label: string) =>
  run('mkfs.ext4', ['-q', '-F', '-L', label, '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard', file], { timeout: 120_000 })
