// The one place that starts programs: argument arrays, no shell, a time limit, and errors that say which command failed and how.
import { type SpawnOptions, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'

export class CommandError extends Error {
  readonly command: string
  readonly code: number | null
  readonly stderr: string
  constructor(command: string, code: number | null, stderr: string) {
    super(`${command} failed (${code === null ? 'killed' : `exit ${code}`}): ${stderr.trim().slice(-600) || 'no message'}`)
    this.command = command
    this.code = code
    this.stderr = stderr
  }
}

export interface RunOptions {
  input?: string | Buffer
  /** Milliseconds, 30,000 unless given; the program is killed when they are over. */
  timeout?: number
  signal?: AbortSignal
  /** Exit codes that are no error, besides 0. */
  accept?: number[]
  cwd?: string
  env?: Record<string, string>
  /** File descriptor that takes the standard output, which is then not returned. */
  stdout?: number
  /** What the program can read from its file descriptor 3. */
  more?: Buffer
  /** The program has a process group of its own, which is killed as a whole: also what it has started and not yet taken in hand. */
  group?: true
}

export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<string>

/** Runs a program to its end and gives its standard output. Throws CommandError. */
export const run: Run = (program, args, options = {}) =>
  new Promise((resolve, reject) => {
    for (const arg of args) if (arg.includes('\0')) return reject(new CommandError(program, null, 'an argument holds a NUL byte'))
    if (options.signal?.aborted) return reject(new CommandError(program, null, 'it was ended before it began'))
    const spawnOptions: SpawnOptions = {
      stdio: ['pipe', options.stdout ?? 'pipe', 'pipe', ...(options.more ? ['pipe' as const] : [])],
      cwd: options.cwd,
      env: { PATH: searchPath, LC_ALL: 'C', ...options.env },
      detached: options.group,
    }
    const child = spawn(program, args, spawnOptions)
    const out: Buffer[] = []
    const err: Buffer[] = []
    let size = 0
    const stop = () => {
      if (options.group && child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid)
      else child.kill('SIGKILL')
    }
    const timer = setTimeout(stop, options.timeout ?? 30_000)
    options.signal?.addEventListener('abort', stop, { once: true })
    child.stdout?.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > 64 * 2 ** 20) stop()
      else out.push(chunk)
    })
    child.stderr!.on('data', (chunk: Buffer) => {
      if (err.length < 1000) err.push(chunk)
    })
    const end = () => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', stop)
    }
    child.on('error', (error) => {
      end()
      reject(new CommandError(`${program} ${args.join(' ')}`, null, error.message))
    })
    child.on('close', (code) => {
      end()
      if (code === 0 || (code !== null && options.accept?.includes(code))) resolve(Buffer.concat(out).toString())
      else reject(new CommandError(`${program} ${args.join(' ')}`, code, Buffer.concat(err).toString()))
    })
    child.stdin!.on('error', () => {}) // the program may end before it has read everything; its exit code tells
    child.stdin!.end(options.input ?? '')
    const more = child.stdio[3] as Writable | undefined
    more?.on('error', () => {})
    more?.end(options.more)
  })

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Host programs live in the sbin folders too, which an ordinary user's PATH may lack. */
export const searchPath = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin`
