// The real command line client, for tests: python3-openstackclient as it is installed. Null where it is not.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findProgram } from '../cli/host-programs.ts'

const program = findProgram('openstack')
/** The Python that the program itself runs under. */
export const openstackPython = program ? (/^#! *(\S+)/.exec(readFileSync(program, 'utf8'))?.[1] ?? null) : null

export interface OpenStack extends AsyncDisposable {
  /** Runs a command, `environment` over that of the session; gives what it printed. Rejects with its words when it fails. */
  run(command: string[], environment?: Record<string, string>): Promise<string>
  /** The same for one that prints JSON. */
  json<T>(command: string[], environment?: Record<string, string>): Promise<T>
}

/** A session with that environment (OS_AUTH_URL and the like) alone: nothing of the machine's own settings for clouds is read. */
export function startOpenStack(environment: Record<string, string>): OpenStack {
  const { PATH = '' } = process.env
  const child = spawn(openstackPython!, [join(import.meta.dirname, 'openstack-shell.py')], {
    env: { PATH, HOME: '/nonexistent', PYTHONWARNINGS: 'ignore' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  async function run(command: string[], more: Record<string, string> = {}): Promise<string> {
    child.stdin.write(`${JSON.stringify({ arguments: command, environment: { ...environment, ...more } })}\n`)
    const { value, done } = await lines.next()
    if (done) throw new Error('openstack ended')
    const { code, output, errors } = JSON.parse(value) as { code: number; output: string; errors: string }
    if (code !== 0) throw new Error(`openstack ${command.join(' ')}: ${errors || output}`)
    return output
  }
  return {
    run,
    json: async (command, more) => JSON.parse(await run([...command, '-f', 'json'], more)),
    async [Symbol.asyncDispose]() {
      const ended = child.exitCode === null ? once(child, 'exit') : null
      child.stdin.end()
      await ended
    },
  }
}
