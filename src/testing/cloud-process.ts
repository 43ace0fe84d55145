// A cloud in a process of its own, to be killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Persona } from './persona.ts'

const program = `
import { loadConfig } from ${JSON.stringify(new URL('../config.ts', import.meta.url).href)}
import { startCloud } from ${JSON.stringify(new URL('../main.ts', import.meta.url).href)}
const { databaseUrl, ...more } = JSON.parse(process.argv[1])
const flags = { host: 'fake', fakeDelay: 0, adminPassword: 'test-admin', metricsPort: 0, demo: false, passwordCost: 4, logLevel: 'silent', ...more }
const config = { ...loadConfig({ flags }), singlePort: 0, databaseUrl: databaseUrl || null }
await startCloud(config)
console.log('port ' + config.singlePort)
`

export interface CloudProcess {
  url: string
  pid: number
  admin: Persona
  /** As power loss would end it, but for what the system still writes to its disk. */
  kill(): Promise<void>
}

/** Starts it with these settings, `dataDir` among them; resolves once it listens. */
export async function cloudProcess(settings: Record<string, unknown>): Promise<CloudProcess> {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of child.stdout!) {
    output += chunk
    const match = /port (\d+)\n/.exec(output)
    if (!match) continue
    const url = `http://127.0.0.1:${match[1]}`
    return {
      url,
      pid: child.pid!,
      admin: new Persona(() => url, { name: 'admin', password: 'test-admin', project: 'admin' }),
      async kill() {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill('SIGKILL')
        await once(child, 'exit')
      },
    }
  }
  throw new Error('the cloud did not start')
}
