// The small guest image, built once into .cache/guest-image.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError, run } from '../../src/host/commands/exec.ts'
import { step } from '../progress.mjs'

const root = join(import.meta.dirname, '../..')
export const guestImageFolder = join(root, '.cache/guest-image')
export const guestImage = join(guestImageFolder, 'nephos-guest.qcow2')

/** Builds it when it is not there; gives a sentence when that fails. The builder itself knows when it is up to date. */
export async function ensureGuestImage(): Promise<string | undefined> {
  const program = join(root, 'guest-image/build')
  const build = () => run(program, [guestImageFolder], { timeout: 1_800_000, env: { HOME: process.env.HOME ?? '/' } })
  try {
    await step('guest image', async (note) => {
      try {
        await build()
      } catch (error) {
        if (process.getuid?.() !== 0) throw error
        note('apt-get update') // a fresh machine has no lists of packages
        await run('apt-get', ['-o', 'DPkg::Lock::Timeout=600', '-qq', 'update'], { timeout: 600_000 })
        note('')
        await build()
      }
    })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return `the guest image could not be built: ${error.stderr.trim().split('\n').slice(-3).join(' ')}`
  }
  return existsSync(guestImage) ? undefined : `the guest image was built without ${guestImage}`
}
