import { relative } from 'node:path'
import type { Command } from 'commander'
import { type Config, loadConfig, UserError } from '../config.ts'
import { guardProcess } from '../last-resort.ts'
import type { RunningCloud } from '../main.ts'
import { nephosProgram, thisProgram } from './clone.ts'
import { isRunning } from './control.ts'
import { decideHost } from './decide-host.ts'
import { configOf, flagsOf } from './options.ts'
import { untilOrphaned, untilStopped } from './signals.ts'
import { obstacleToDropping, upWithAgent } from './up-with-agent.ts'

/** Runs the cloud until a signal stops it: the control process here, on a real host the agent beside it. */
export async function up(command: Command): Promise<void> {
  const config = configOf(command)
  if (!command.opts().child && (await isRunning(config.dataDir)))
    throw new UserError(`A cloud already runs on ${config.dataDir} (nephos status).`)
  const { host, reason } = await decideHost(config)
  const isChild = Boolean(command.opts().child)
  if (host === 'linux' && process.getuid?.() === 0) {
    const obstacle = await obstacleToDropping(config)
    if (!obstacle) {
      process.umask(0o022) // the agent is in this process: guests and dnsmasq run as other users and pass through its folders
      return upWithAgent(config)
    }
    if (config.controlUid !== 0) process.stderr.write(`The control process runs as root: ${obstacle}.\n`)
  }
  const stopped = isChild ? Promise.race([untilStopped(), untilOrphaned()]) : untilStopped()
  const agentCommand = host === 'linux' && process.getuid?.() === 0 ? [...thisProgram(), 'agent', '--child', ...flagsOf(config)] : undefined
  process.umask(0o077) // database and secrets are the owner's alone, whatever the shell says
  let running: RunningCloud
  try {
    const { startCloud } = await import('../main.ts') // only here: the agent has no use for the services
    running = await startCloud({ ...config, host }, { agentCommand })
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, config)
  }
  const { log, database } = running.cloud
  guardProcess(log, () => database.write(async () => {}))
  process.stdout.write(welcome(running, config, isChild ? '' : reason))
  await stopped
  process.stdout.write('\nStopping; guests go on running.\n')
  await running.stop()
}

/** What the operator can mend becomes a sentence. */
function explained(error: NodeJS.ErrnoException & { port?: number; address?: string }, config: Config): Error {
  if (error.code === 'EADDRINUSE') {
    return new UserError(
      `Port ${error.port} on ${error.address} is used by another program. End that, or move all ports with --port-offset 10000.`,
    )
  }
  if (error.code === 'EADDRNOTAVAIL') return new UserError(`This machine has no address ${error.address}: choose another with --listen.`)
  if ((error.code === 'EACCES' || error.code === 'EROFS') && error.syscall !== 'listen') {
    return new UserError(`The data folder ${config.dataDir} cannot be written: choose another with --data-dir.`)
  }
  if (error.code === 'EACCES') return new UserError(`Port ${error.port} needs root: choose another with --port-offset or --single-port.`)
  if (config.databaseUrl && /^(ECONN|ENOTFOUND|EAI|28|3D|57)/.test(error.code ?? ''))
    return new UserError(`The database cannot be used: ${error.message}`)
  return error
}

function welcome({ readyMs, cloud, clientFiles, host }: RunningCloud, config: Config, reason: string): string {
  const endpoints = cloud.services.map((service) => `    ${service.name.padEnd(20)} ${cloud.endpoints.root(service.name)}`)
  const nephos = relative(process.cwd(), nephosProgram())
  const folder = config.dataDir === loadConfig().dataDir ? '' : ` --data-dir ${config.dataDir}`
  return `
Nephos is ready in ${readyMs} ms.

  Host: ${host}${reason ? ` (${reason})` : ''}
  Endpoints:
${endpoints.join('\n')}

  clouds.yaml: ${clientFiles.cloudsYaml}
  openrc:      ${clientFiles.openrc}

Try, in another terminal:
  eval "$(${nephos} env${folder})" && openstack catalog list
  npm run demo
  ${nephos} status${folder}

Ctrl-C stops it; guests go on running.
`
}
