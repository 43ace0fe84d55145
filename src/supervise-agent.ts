// The agent's process beside the control process: started, and started again when it ends unasked.

import { startProgram } from './host/commands/program.ts'
import type { Log } from './log.ts'

export function superviseAgent(command: string[], log: Log): { stop(): Promise<void> } {
  let stopping = false
  let current = startProgram(command)
  let pause: NodeJS.Timeout | null = null
  const watch = () => {
    void current.ended.then((code) => {
      if (stopping) return
      log.error({ code }, 'the agent ended; starting it again')
      pause = setTimeout(() => {
        current = startProgram(command)
        watch()
      }, 1000)
    })
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
