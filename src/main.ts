// The control process from start to end: database, migrations, services, listeners, tasks; shutdown in reverse.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { migrations } from '../migrations/index.ts'
import { type Cloud, createCloud } from './cloud.ts'
import type { Config } from './config.ts'
import { serveControl } from './control.ts'
import { migrate } from './db/migrate.ts'
import { openDatabase } from './db/open.ts'
import { createEnvironment, type Environment } from './environment.ts'
import { startAgent } from './host/agent.ts'
import { createFakeHost } from './host/fake/fake-host.ts'
import { createLog, type Log } from './log.ts'
import { serveMetrics } from './metrics-server.ts'
import { readPolicyOverrides } from './policy-file.ts'
import { adminPassword, writeClientFiles } from './secrets.ts'
import { listen } from './server.ts'
import { bootstrapIdentity } from './services/identity/bootstrap.ts'
import { writeCatalog } from './services/identity/catalog.ts'
import { facades, services } from './services/index.ts'
import { superviseAgent } from './supervise-agent.ts'

export interface RunningCloud {
  cloud: Cloud
  /** Milliseconds from the call to all endpoints answering. */
  readyMs: number
  /** Names of the migrations that ran now. */
  migrated: string[]
  /** Where clouds.yaml and openrc are. */
  clientFiles: { cloudsYaml: string; openrc: string }
  /** Which host is behind it, after 'auto' was decided. */
  host: 'linux' | 'fake'
  /** Ends in order: listeners, tasks, agent, database. Guests go on running. */
  stop(): Promise<void>
}

/** Starts the whole control process, and the agent beside it. `host` is decided by the caller (see cli/up.ts). */
export async function startCloud(
  config: Config & { host: 'linux' | 'fake' },
  given: { environment?: Environment; log?: Log; agentCommand?: string[] } = {},
): Promise<RunningCloud> {
  const started = performance.now()
  const environment = given.environment ?? createEnvironment({ seed: config.seed ?? undefined })
  const log = given.log ?? createLog({ level: config.logLevel, format: config.logFormat })
  mkdirSync(join(config.dataDir, 'run'), { recursive: true, mode: 0o700 })
  const database = await openDatabase({ databaseUrl: config.databaseUrl, file: join(config.dataDir, 'nephos.db') })
  const undo: (() => Promise<void>)[] = [() => database.close()]
  const stop = async () => {
    for (const action of undo.reverse()) await action().catch((error) => log.error({ error: error.stack }, 'shutdown'))
    undo.length = 0
  }
  try {
    const migrated = await migrate(database, migrations, environment.clock.now)
    const cloud = await createCloud({ config, environment, database, log, services, facades, policyOverrides: readPolicyOverrides(config) })
    await bootstrapIdentity(cloud, adminPassword(config, environment.random))
    const ready = Promise.withResolvers<void>()
    const close = await listen(cloud, ready.promise)
    undo.push(close)
    undo.push(async () => ready.reject(new Error('the start failed')))
    await writeCatalog(cloud)
    const control = await serveControl(cloud)
    undo.push(() => control.close())
    if (config.host === 'fake') {
      const host = createFakeHost({ name: config.hostName, environment, delayMs: config.fakeDelay, faults: config.fakeFaults })
      cloud.hosts.connect(config.hostName, host)
      const agent = startAgent({
        name: config.hostName,
        host,
        link: { sync: (request, signal) => cloud.hosts.sync(request, 10_000, signal) },
        journal: null,
        environment,
        log,
      })
      undo.push(() => agent.stop())
    } else if (given.agentCommand) {
      const agent = superviseAgent(given.agentCommand, log)
      undo.push(() => agent.stop())
    }
    for (const service of services) await service.bootstrap?.(cloud)
    cloud.tasks.run()
    undo.push(() => cloud.tasks.stop())
    cloud.events.run()
    undo.push(() => cloud.events.stop())
    const metrics = await serveMetrics(cloud)
    if (metrics) undo.push(() => metrics.close())
    const clientFiles = writeClientFiles(cloud)
    ready.resolve()
    return { cloud, readyMs: Math.round(performance.now() - started), migrated, clientFiles, host: config.host, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
