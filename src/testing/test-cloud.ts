// A whole cloud in this process for one test: own database, fake host, one port on loopback, requests over real HTTP.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrations } from '../../migrations/index.ts'
import { type Cloud, createCloud } from '../cloud.ts'
import { type Config, configWith } from '../config.ts'
import { migrate } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import { type Clock, createEnvironment } from '../environment.ts'
import { type Agent, startAgent } from '../host/agent.ts'
import { createFakeHost, type FakeHost } from '../host/fake/fake-host.ts'
import { createLog, type Log, silentLog } from '../log.ts'
import { listen } from '../server.ts'
import { bootstrapIdentity } from '../services/identity/bootstrap.ts'
import { writeCatalog } from '../services/identity/catalog.ts'
import { facades, services } from '../services/index.ts'
import { runnableTasks } from '../tasks/store.ts'
import { recordAnswers } from './answered.ts'
import { testDatabaseUrl } from './database.ts'
import { freePort } from './free-port.ts'
import { Persona } from './persona.ts'

export interface TestCloud extends AsyncDisposable {
  cloud: Cloud
  host: FakeHost
  agent: Agent
  /** Address of the one port; services are behind it by prefix. */
  url: string
  /** The administrator, scoped to the admin project. */
  admin: Persona
  /** A new user with that role in a project of that name (made when it is not there); the same again for the same names. */
  as(role: string, project?: string): Promise<Persona>
  /** Resolves when no task can run and the fake host has nothing to do. */
  settled(): Promise<void>
  /** Ends everything as a crash would, and starts again on the same data. */
  restart(): Promise<void>
}

export interface TestCloudOptions {
  seed?: string
  clock?: Clock
  settings?: Partial<Config>
  policy?: Record<string, string>
  /** Shows the log: for looking into a test. */
  verbose?: boolean
  log?: Log
}

const password = 'test-admin'

export async function testCloud(options: TestCloudOptions = {}): Promise<TestCloud> {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-test-'))
  const { url: databaseUrl, drop } = await testDatabaseUrl(migrations)
  const config: Config = {
    ...configWith(),
    dataDir,
    databaseUrl,
    host: 'fake',
    fakeDelay: 0,
    singlePort: await freePort(),
    portOffset: 0,
    adminPassword: password,
    passwordCost: 4,
    hostName: 'fake-1',
    metricsPort: 0,
    demo: false,
    policyFile: null,
    checkAnswers: true,
    ...options.settings,
  }
  const log = options.log ?? (options.verbose ? createLog({ level: 'debug', format: 'pretty' }) : silentLog)
  const environment = createEnvironment({ seed: options.seed, clock: options.clock })
  const personas = new Map<string, Promise<Persona>>()
  const result = {} as TestCloud
  let end: () => Promise<void> = async () => {}

  async function start(): Promise<void> {
    const database = await openDatabase({ databaseUrl: config.databaseUrl, file: join(dataDir, 'nephos.db'), shortLived: true })
    await migrate(database, migrations, environment.clock.now)
    // Leases of the process that ended run out by themselves; a test does not wait for that.
    await database.write(({ db }) => db.updateTable('tasks').set({ lease_until: 0, owner: null }).execute())
    const cloud = await createCloud({ config, environment, database, log, services, facades, policyOverrides: options.policy })
    recordAnswers(cloud)
    await bootstrapIdentity(cloud, password)
    const close = await listen(cloud)
    await writeCatalog(cloud)
    const host = createFakeHost({ name: config.hostName, environment, delayMs: config.fakeDelay, faults: config.fakeFaults })
    cloud.hosts.connect(config.hostName, host)
    const agent = startAgent({
      name: config.hostName,
      host,
      journal: null,
      environment,
      log,
      link: { sync: (request, signal) => cloud.hosts.sync(request, 10_000, signal) },
    })
    while (!(await cloud.hosts.list(database.read)).length) await new Promise((resolve) => setTimeout(resolve, 1))
    for (const service of services) await service.bootstrap?.(cloud)
    cloud.tasks.run()
    cloud.events.run()
    Object.assign(result, { cloud, host, agent, url: `http://127.0.0.1:${config.singlePort}` })
    end = async () => {
      await close()
      await agent.stop()
      await cloud.tasks.stop()
      await cloud.events.stop()
      await database.close()
    }
  }

  await start()
  result.admin = new Persona(() => result.url, { name: 'admin', password, project: 'admin' })
  result.as = (role, project = 'project-1') => {
    const key = `${role} ${project}`
    let persona = personas.get(key)
    if (!persona) {
      persona = Persona.make(result.cloud, () => result.url, role, project)
      personas.set(key, persona)
    }
    return persona
  }
  result.settled = async () => {
    const { database, environment, tasks } = result.cloud
    const openDocuments = database.read.selectFrom('host_documents').select('id').whereRef('done_generation', '<', 'generation')
    for (;;) {
      if (!(await tasks.idle())) return
      await result.agent.idle()
      // In one query: a report closes its document and wakes a task in one transaction, and a step that asks for more ends in one.
      const open = await openDocuments
        .unionAll(runnableTasks(database.read, environment.clock.now()).clearSelect().select('t.id'))
        .execute()
      if (!open.length) return
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  result.restart = async () => {
    await end()
    await start()
  }
  result[Symbol.asyncDispose] = async () => {
    await end()
    await drop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return result
}
