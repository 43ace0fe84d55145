import { spawn } from 'node:child_process'

export interface Program {
  pid: number | undefined
  /** Exit code, null when a signal ended it. */
  ended: Promise<number | null>
  /** How it ended, in words. */
  how(): string
  /** Asks it to end (SIGTERM); kills it after ten seconds. */
  end(): void
}

/** Starts a long-lived program that shares our standard error. */
export function startProgram([program, ...args]: string[], env: NodeJS.ProcessEnv = process.env): Program {
  const child = spawn(program!, args, { stdio: ['ignore', 'inherit', 'inherit'], env })
  let how = 'it runs'
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', (code, signal) => {
      const killed = signal === 'SIGKILL' ? ' (kill -9, or the kernel for want of memory: see dmesg)' : ''
      how = signal ? `signal ${signal}${killed}` : `exit code ${code}`
      resolve(code)
    })
    child.on('error', (error) => {
      how = error.message
      resolve(127)
    })
  })
  return {
    pid: child.pid,
    ended,
    how: () => how,
    end() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      ended.then(() => clearTimeout(timer)).catch(() => {})
    },
  }
}
