import type { Command } from 'commander'
import { UserError } from '../config.ts'
import { runAgent } from '../host/agent-main.ts'
import { guardProcess } from '../last-resort.ts'
import { createLog } from '../log.ts'
import { decideHost } from './decide-host.ts'
import { configOf } from './options.ts'
import { endWithin, untilOrphaned, untilStopped } from './signals.ts'

/** Runs the host agent until a signal stops it. Guests and networks stay. */
export async function agent(command: Command): Promise<void> {
  const config = configOf(command)
  process.umask(0o022) // guests run as another user and pass through folders of ours
  if (process.getuid?.() !== 0) throw new UserError('The agent needs root: it makes namespaces and starts guests.')
  await decideHost({ host: 'linux' })
  const isChild = Boolean(command.opts().child)
  const stopped = Promise.race([untilStopped({ ignoreInterrupt: isChild }), ...(isChild ? [untilOrphaned()] : [])])
  const running = await runAgent(config)
  guardProcess(createLog({ level: config.logLevel, format: config.logFormat }))
  await stopped
  endWithin(10_000)
  await running.stop()
}
