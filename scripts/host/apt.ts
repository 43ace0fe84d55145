// Installs Debian packages, without starting daemons that come with them.
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { aptRefusal, type HostProgram, missingPrograms } from '../../src/cli/host-programs.ts'
import { run } from '../../src/host/commands/exec.ts'
import { step } from '../progress.mjs'

const policy = '/usr/sbin/policy-rc.d'

/**
 * Installs the packages of those `programs` that are not here. Gives a sentence that says why something is still missing, or
 * undefined when all is there. Looks for the programs first, so that it costs nothing when they are.
 */
export async function ensurePrograms(programs: readonly HostProgram[], allowed: boolean): Promise<string | undefined> {
  const missing = missingPrograms(programs)
  if (missing.length === 0) return undefined
  const packages = [...new Set(missing.map((m) => m.package))]
  const lacking = `missing: ${missing.map((m) => `${m.program} (${m.use})`).join(', ')}`
  const refusal = allowed ? aptRefusal() : 'installing packages is switched off'
  if (refusal) return `${lacking}. Not installed: ${refusal}. Mend: apt-get install ${packages.join(' ')}`
  try {
    await step(`host packages (apt-get install ${packages.join(' ')})`, () => install(packages))
  } catch (error) {
    return `${lacking}. ${(error as Error).message}`
  }
  const left = missingPrograms(programs)
  return left.length > 0 ? `still missing after the installation: ${left.map((m) => m.program).join(', ')}` : undefined
}

async function install(packages: string[]): Promise<void> {
  const options = ['-o', 'DPkg::Lock::Timeout=600', '-qq']
  const env = { DEBIAN_FRONTEND: 'noninteractive', HOME: '/root', TERM: 'dumb' }
  const apt = (...args: string[]) => run('apt-get', [...options, ...args], { timeout: 1_800_000, env })
  const ours = !existsSync(policy) // a package with a daemon (postgresql) shall not start it
  if (ours) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n')
    chmodSync(policy, 0o755)
  }
  try {
    await apt('install', '-y', '--no-install-recommends', ...packages).catch(async () => {
      await apt('update') // a fresh machine has no lists, an old one lists of files that are gone
      await apt('install', '-y', '--no-install-recommends', ...packages)
    })
  } finally {
    if (ours) rmSync(policy, { force: true })
  }
}
