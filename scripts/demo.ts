// npm run demo [-- settings]: the main job of the cloud through its public APIs, each step with its time, and the proof that nothing is left.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { connectClient, findCredentials } from '../src/cli/client.ts'
import { getControl } from '../src/cli/control.ts'
import { addSettings, configOf } from '../src/cli/options.ts'
import type { Status } from '../src/cli/status.ts'
import { type Config, UserError } from '../src/config.ts'
import { ensureCloud } from './demo/cloud.ts'
import { eventually } from './demo/guest-shell.ts'
import { mainJob } from './demo/main-job.ts'
import { type Look, look, residue } from './demo/residue.ts'
import { show } from './demo/show.ts'
import { Things } from './demo/things.ts'
import { seconds } from './progress.mjs'

const begin = Date.now()
const args = process.argv.slice(2)
const command = addSettings(
  new Command('npm run demo --').description('Boots two servers, logs in, deletes everything, proves it.'),
).exitOverride()
try {
  command.parse(args, { from: 'user' })
  await demo(configOf(command))
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  console.error(`\n${error instanceof UserError ? error.message : (error as Error).stack}`)
  process.exit(1)
}

async function demo(config: Config): Promise<void> {
  const cloud = await ensureCloud(config, args)
  const folder = mkdtempSync(join(tmpdir(), 'nephos-demo-'))
  try {
    const client = await show('token', () => connectClient(findCredentials(config.dataDir, {})))
    const { hosts } = await eventually(60, 'a host that is up', async () => {
      const status = await getControl<Status>(config.dataDir, '/status')
      return status.hosts.some((host) => host.up) ? status : undefined
    })
    const real = hosts.some((host) => host.hypervisor.toLowerCase() === 'qemu')
    console.log(`  host: ${hosts[0]!.name}, ${hosts[0]!.hypervisor}${hosts[0]!.accelerator ? ` (${hosts[0]!.accelerator})` : ''}`)
    // The first look of a project at its security groups makes the default one, which stays.
    await client.request('GET', 'network', '/v2.0/security-groups')
    const before = await look(config, real)
    const made = new Things(client)
    try {
      await mainJob(made, config, folder, real)
    } finally {
      await show('delete everything', (say) => made.deleteAll(say))
    }
    await show('nothing is left', (say) => proveNothingLeft(config, real, before, say))
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await cloud.stop()
  }
  console.log(`\nThe main job took ${seconds(Date.now() - begin)}, from nothing to nothing.`)
}

/** Looks again until it is as before; throws with what is left after a while. */
async function proveNothingLeft(config: Config, real: boolean, before: Look, say: (text: string) => void): Promise<void> {
  let left: string[] = []
  const after = await eventually(90, 'as before', async () => {
    const now = await look(config, real)
    left = residue(before, now)
    return left.length === 0 ? now : undefined
  }).catch(() => {
    throw new UserError(`Left behind:\n${left.slice(0, 40).join('\n')}`)
  })
  say(`${Object.keys(after).join(', ')} as before; records of tasks and deleted servers are kept`)
}
