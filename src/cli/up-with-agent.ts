// `nephos up` as root: this process is the agent, and the control process is its child under a user without rights.
import type { Config } from '../config.ts'
import { run } from '../host/commands/exec.ts'
import { startProgram } from '../host/commands/program.ts'
import { guardProcess } from '../last-resort.ts'
import { createLog } from '../log.ts'
import { thisProgram } from './clone.ts'
import { shareDataFolder } from './data-folder.ts'
import { flagsOf } from './options.ts'
import { endWithin } from './signals.ts'

const asUser = (uid: number) => ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--no-new-privs', '--']

/** Why the control process cannot run as `controlUid`, or undefined: it may not be able to read this clone or the data folder. */
export async function obstacleToDropping(config: Config): Promise<string | undefined> {
  const { controlUid, dataDir } = config
  if (controlUid === 0) return 'controlUid is 0'
  shareDataFolder(dataDir, controlUid)
  const [setpriv, ...rest] = asUser(controlUid)
  const tried = async (args: string[]) =>
    run(setpriv!, [...rest, ...args], { timeout: 10_000 }).then(
      () => true,
      () => false,
    )
  if (!(await tried([...thisProgram(), '--help']))) return `user ${controlUid} cannot read the program in ${process.argv[1]}`
  if (!(await tried(['test', '-w', dataDir]))) return `user ${controlUid} cannot reach ${dataDir}`
  return undefined
}

/** Runs both until `stopped`. A control process that ends unasked after it was ready is started again. */
export async function upWithAgent(config: Config, stopped: Promise<void>): Promise<void> {
  const env = { ...process.env, ...secretsOf(config) }
  const command = [...asUser(config.controlUid), ...thisProgram(), 'up', '--child', ...flagsOf({ ...config, host: 'linux' })]
  const { runAgent } = await import('../host/agent-main.ts')
  let stopping = false
  let control = startProgram(command, env)
  const agent = await runAgent(config)
  guardProcess(createLog({ level: config.logLevel, format: config.logFormat }))
  const over = (async () => {
    for (;;) {
      const started = Date.now()
      const code = await control.ended
      if (stopping || Date.now() - started < 10_000) return code ?? 1
      process.stderr.write('The control process ended; it is started again.\n')
      control = startProgram(command, env)
    }
  })()
  const code = await Promise.race([stopped.then(() => null), over])
  stopping = true
  endWithin(15_000)
  control.end() // kills it after ten seconds
  await Promise.all([agent.stop(), control.ended])
  if (code) process.exitCode = code
}

/** Settings that must not be seen among the arguments. */
function secretsOf(config: Config): Record<string, string> {
  return {
    ...(config.adminPassword === null ? {} : { NEPHOS_ADMIN_PASSWORD: config.adminPassword }),
    ...(config.demoPassword === null ? {} : { NEPHOS_DEMO_PASSWORD: config.demoPassword }),
    ...(config.databaseUrl === null ? {} : { NEPHOS_DATABASE_URL: config.databaseUrl }),
    ...(config.seed === null ? {} : { NEPHOS_SEED: config.seed }),
  }
}
