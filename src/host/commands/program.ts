import { spawn } from 'node:child_process'

export interface Program {
  pid: number | undefined
  /** Exit code, null when a signal ended it. */
  ended: Promise<number | null>
  /** Asks it to end (SIGTERM); kills it after ten seconds. */
  end(): void
}

/** Starts a long-lived program that shares our standard error. */
export function startProgram([program, ...args]: string[], env: NodeJS.ProcessEnv = process.env): Program {
  const child = spawn(program!, args, { stdio: ['ignore', 'inherit', 'inherit'], env })
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => resolve(code))
    child.on('error', () => resolve(127))
  })
  return {
    pid: child.pid,
    ended,
    end() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      void ended.then(() => clearTimeout(timer))
    },
  }
}
