import { type Config, UserError } from '../config.ts'
import { run } from '../host/commands/exec.ts'
import { missingPrograms } from './host-programs.ts'

export interface Decision {
  host: 'linux' | 'fake'
  /** Why, where it was ours to decide; else empty. */
  reason: string
}

/** Decides what `auto` means here. Throws UserError when linux was asked for and cannot be. */
export async function decideHost(config: Pick<Config, 'host'>): Promise<Decision> {
  if (config.host === 'fake') return { host: 'fake', reason: '' }
  const isRoot = process.getuid?.() === 0
  // Without root this is the control process only, and an agent is started as root on its own.
  if (config.host === 'linux' && !isRoot) return { host: 'linux', reason: 'start the agent as root: nephos agent' }
  const obstacle = !isRoot ? 'this is not root' : await obstacleAsRoot()
  if (!obstacle) return { host: 'linux', reason: '' }
  if (config.host === 'linux') throw new UserError(`Real guests cannot run here: ${obstacle}. See nephos doctor.`)
  return { host: 'fake', reason: `no real guests: ${obstacle}; see nephos doctor` }
}

async function obstacleAsRoot(): Promise<string | undefined> {
  const missing = missingPrograms()
  if (missing.length > 0) return `${missing.map((m) => m.program).join(', ')} missing`
  try {
    await run('unshare', ['--net', '--', 'ip', 'link', 'set', 'lo', 'up'], { timeout: 10_000 })
    return undefined
  } catch {
    return 'network namespaces cannot be made'
  }
}
