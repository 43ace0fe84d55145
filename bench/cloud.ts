// A cloud for the benchmarks: the built program as a process of its own, on its own folder and ports.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { login, type Session } from './client.ts'

export interface BenchCloud {
  /** Milliseconds from the start of the process until every endpoint answered. */
  readyMs: number
  authUrl: string
  admin: Session
  /** MB resident of the process and its children. */
  residentMB(): number
  /** Processor seconds that the process has used, without its children. */
  cpuSeconds(): number
  stop(): Promise<void>
}

/** Most of the ports lie below those that the system gives to clients. Another one lets two measure side by side (each other's figures then suffer). */
export const portOffset = Number(process.env.NEPHOS_BENCH_PORT_OFFSET ?? 20_000)
const password = 'bench-admin'

/** Starts `nephos up` on `dataDir` with the given host; waits until every port answers. */
export async function startBenchCloud(
  program: string,
  dataDir: string,
  host: 'fake' | 'linux',
  settings: string[] = [],
  offset = portOffset,
): Promise<BenchCloud> {
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [
      '--max-semi-space-size=4',
      '--heap-growing-percent=40', // as bin/nephos has it
      program,
      'up',
      '--data-dir',
      dataDir,
      '--host',
      host,
      '--port-offset',
      String(offset),
      '--log-level',
      'warn',
      '--log-format',
      'json',
      '--metrics-port',
      '0',
      ...(host === 'fake' ? ['--fake-delay', '0'] : []),
      ...settings,
    ],
    {
      env: { MALLOC_ARENA_MAX: '1', ...process.env, NEPHOS_ADMIN_PASSWORD: password },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const ports = [5000, 35357, 8080, 8774, 9292, 9696]
  for (const port of ports) {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the cloud ended with ${child.exitCode}`)
      const answers = await fetch(`http://127.0.0.1:${port + offset}/`).then(
        () => true,
        () => false,
      )
      if (answers) break
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  const readyMs = performance.now() - started
  const authUrl = `http://127.0.0.1:${5000 + offset}/v3`
  const resident = (pid: number): number => {
    const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    return own + children.reduce((sum, one) => sum + resident(one), 0)
  }
  return {
    readyMs,
    authUrl,
    admin: await login(authUrl, 'admin', password, 'admin'),
    residentMB: () => Math.round(resident(child.pid!)),
    cpuSeconds() {
      // Nanoseconds of each thread: stat counts in hundredths of a second.
      const threads = readdirSync(`/proc/${child.pid}/task`).map((id) => readFileSync(`/proc/${child.pid}/task/${id}/schedstat`, 'utf8'))
      return threads.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e9
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
