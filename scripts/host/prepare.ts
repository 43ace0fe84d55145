// What a start needs before the cloud: host packages, the bundle, the guest image.
import { hostPrograms } from '../../src/cli/host-programs.ts'
import type { Config } from '../../src/config.ts'
import { step } from '../progress.mjs'
import { ensurePrograms } from './apt.ts'
import { buildBundle, bundleIsFresh } from './bundle.ts'
import { ensureGuestImage } from './guest-image.ts'

/** Prepares this machine as the settings say. What is missing is told, and the cloud then runs on the fake host. */
export async function prepare(config: Config): Promise<void> {
  const isRoot = process.getuid?.() === 0
  if (config.host !== 'fake') {
    const lacking = await ensurePrograms(hostPrograms, config.installPackages)
    if (lacking) console.error(`  ! ${lacking}`)
    if (!isRoot && config.host === 'auto') console.error('  ! without root there are no real guests: the fake host is used')
    if (!lacking && isRoot) {
      const failed = await ensureGuestImage()
      if (failed) console.error(`  ! ${failed}`)
    }
  }
  if (!bundleIsFresh()) await step('build', () => buildBundle())
}
