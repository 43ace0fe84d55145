import type { Cloud } from '../../../cloud.ts'
import type { StepContext } from '../../../tasks/task.ts'

/** False, and said in the log, when the host is down: its documents say what shall be, and its agent will do it when it is back. */
export async function hostAnswers({ cloud, db }: StepContext<Cloud>, host: string, what: string): Promise<boolean> {
  const known = (await cloud.hosts.list(db)).find(({ name }) => name === host)
  if (known?.up) return true
  cloud.log.warn({ host, what }, 'host is down: not waited for, its agent will do it when it is back')
  return false
}
