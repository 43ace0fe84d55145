// The agent's process beside the control process: started, and started again when it ends unasked.

import { unawaited } from './contain.ts'
import { startProgram } from './host/commands/program.ts'
import type { Log } from './log.ts'

export function superviseAgent(command: string[], log: Log): { stop(): Promise<void> } {
  let stopping = false
  let current = startProgram(command)
  let pause: NodeJS.Timeout | null = null
  const watch = () => {
    const again = current.ended.then(() => {
      if (stopping) return
      log.error({ how: current.how() }, 'the agent ended; it is started again, and guests and networks go on meanwhile')
      pause = setTimeout(() => {
        current = startProgram(command)
        watch()
      }, 1000)
    })
    unawaited(again, log, 'the agent could not be started again')
  }
  watch()
  return {
    async stop() {
      stopping = true
      if (pause) clearTimeout(pause)
      current.end()
      await current.ended
    },
  }
}
