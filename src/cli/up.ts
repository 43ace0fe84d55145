import { relative } from 'node:path'
import type { Command } from 'commander'
import { type Config, loadConfig, UserError } from '../config.ts'
import { guardProcess } from '../last-resort.ts'
import type { RunningCloud } from '../main.ts'
import { cloneFolder, nephosProgram, thisProgram } from './clone.ts'
import { isRunning } from './control.ts'
import { keepDataFolder } from './data-folder.ts'
import { type Decision, decideHost } from './decide-host.ts'
import { configOf, flagsOf } from './options.ts'
import { claimFolder, cloudProcessOf } from './process.ts'
import { endWithin, untilOrphaned, untilStopped } from './signals.ts'
import { obstacleToDropping, upWithAgent } from './up-with-agent.ts'

/** Runs the cloud until a signal stops it: the control process here, on a real host the agent beside it. */
export async function up(command: Command): Promise<void> {
  const config = configOf(command)
  const { child: isChild = false, withParent = false } = command.opts<{ child?: true; withParent?: true }>()
  const stopped = Promise.race([untilStopped(), ...(isChild || withParent ? [untilOrphaned()] : [])])
  if (isChild) return run(config, { host: 'linux', reason: '' }, stopped)
  const other = cloudProcessOf(config.dataDir)
  if (other || (await isRunning(config.dataDir)))
    throw new UserError(
      `A cloud already runs on ${config.dataDir}${other ? `, process ${other.pid}` : ''}. Mend: nephos down stops it, --data-dir starts another one beside it.`,
    )
  const decision = await decideHost(config)
  const isRoot = decision.host === 'linux' && process.getuid?.() === 0
  const obstacle = isRoot ? await obstacleToDropping(config) : 'there is no agent'
  const withAgent = !obstacle
  if (isRoot && obstacle && config.controlUid !== 0) process.stderr.write(`The control process runs as root: ${obstacle}.\n`)
  if (!withAgent && process.getuid?.() === 0) keepDataFolder(config.dataDir)
  process.umask(withAgent ? 0o022 : 0o077) // the agent's guests run as other users and pass through its folders; all else is the owner's
  const release = claimFolder(config.dataDir, withAgent)
  try {
    await (withAgent ? upWithAgent(config, stopped) : run(config, decision, stopped))
  } finally {
    release()
  }
}

/** The control process, until `stopped`. */
async function run(config: Config, { host, reason }: Decision, stopped: Promise<void>): Promise<void> {
  process.umask(0o077) // database and secrets are the owner's alone, whatever the shell says
  const agentCommand = host === 'linux' && process.getuid?.() === 0 ? [...thisProgram(), 'agent', '--child', ...flagsOf(config)] : undefined
  // What is slow to start (a database that does not answer) is not waited for when it shall end.
  let isReady = false
  const limit = () => endWithin(isReady ? 10_000 : 3000)
  stopped.then(limit, limit)
  const { startCloud } = await import('../main.ts') // only here: the agent has no use for the services
  const running = await startCloud({ ...config, host }, { agentCommand })
  isReady = true
  const { log, database } = running.cloud
  guardProcess(log, () => database.write(async () => {}))
  process.stdout.write(welcome(running, config, reason))
  await stopped
  process.stdout.write('\nStopping; guests go on running.\n')
  await running.stop()
}

function welcome({ readyMs, cloud, clientFiles, host }: RunningCloud, config: Config, reason: string): string {
  const endpoints = cloud.services.map((service) => `    ${service.name.padEnd(20)} ${cloud.endpoints.root(service.name)}`)
  const nephos = relative(process.cwd(), nephosProgram())
  const clone = relative(process.cwd(), cloneFolder())
  const folder = config.dataDir === loadConfig({ env: {} }).dataDir ? '' : ` --data-dir ${config.dataDir}`
  const { metricsPort } = cloud.config
  return `
Nephos is ready in ${readyMs} ms.

  Host: ${host}${reason ? ` (${reason})` : ''}
  Endpoints:
${endpoints.join('\n')}
${metricsPort ? `    ${'metrics'.padEnd(20)} http://127.0.0.1:${metricsPort}/metrics\n` : ''}
  clouds.yaml: ${clientFiles.cloudsYaml}
  openrc:      ${clientFiles.openrc}

Try, in another terminal:
  eval "$(${nephos} env${folder})" && openstack catalog list
  npm${clone && ` --prefix ${clone}`} run demo${folder && ` --${folder}`}
  ${nephos} status${folder}

Ctrl-C stops it, as does ${nephos} down${folder}; guests go on running.
`
}
