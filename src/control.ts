// The control socket: agents, and the `nephos` command of the same user.
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { KeyState } from './auth/keys.ts'
import type { EventPage } from './cli/events.ts'
import type { Status } from './cli/status.ts'
import type { Cloud } from './cloud.ts'
import { join as joinStreams } from './contain.ts'
import type { HostStatus } from './host/client.ts'
import { serveLink } from './host/link-server.ts'
import { mendOf } from './host/troubles.ts'
import type { OpenTask } from './tasks/status.ts'
import { endKey } from './tasks/task.ts'

/** `secrets`: how many were put under the new key. */
export interface KeyReport {
  keys: KeyState[]
  secrets: number | null
}

/** What a task waits for, in words. `tasks` are all that have not ended, oldest first. */
function waitsFor(task: OpenTask, tasks: OpenTask[], hosts: HostStatus[], now: number): string {
  const document = /^([a-z-]+):(.+)@(.+)$/.exec(task.wait_key ?? '')
  if (document) {
    const [, kind, id, name] = document
    const host = hosts.find((one) => one.name === name)
    const away = host && !host.up ? `, which has been away for ${Math.round((now - host.lastSeen) / 1000)} s` : ''
    return `${kind} ${id} on host ${name}${away}`
  }
  const other = tasks.find((one) => task.wait_key === endKey(one.id))
  if (other) return `the end of ${other.kind} (${other.request_id})`
  if (task.wait_key) return task.wait_key
  const before = tasks.find((one) => one.seq < task.seq && one.locks.some((lock) => task.locks.includes(lock)))
  return before ? `${before.kind} (${before.request_id}), which was first` : 'its turn'
}

/** What `nephos status` shows. */
export async function status(cloud: Cloud): Promise<Status> {
  const { read } = cloud.database
  const hosts = await cloud.hosts.list(read)
  const tasks = await cloud.tasks.open(read)
  const now = cloud.environment.clock.now()
  return {
    endpoints: cloud.services.map((service) => ({ service: service.name, url: cloud.endpoints.root(service.name) })),
    metrics: cloud.config.metricsPort ? `http://127.0.0.1:${cloud.config.metricsPort}/metrics` : null,
    database: cloud.database.dialect,
    pid: process.pid,
    memoryMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
    hosts: hosts.map(({ name, up, enabled, lastSeen, facts }) => ({
      name,
      up,
      enabled,
      secondsSinceContact: Math.round((now - lastSeen) / 1000),
      hypervisor: facts.hypervisorType,
      accelerator: facts.accelerator,
      agent: facts.agent ? { seconds: Math.round((now - facts.agent.startedAt) / 1000), afterKill: facts.agent.afterKill } : null,
      failing: (facts.troubles ?? []).map(({ since, ...trouble }) => ({
        ...trouble,
        since: new Date(since).toISOString(),
        mend: mendOf(trouble.error),
      })),
    })),
    tasks: tasks.map((task) => ({
      id: task.id,
      kind: task.kind,
      locks: task.locks,
      state: task.state,
      step: task.step,
      at: task.at,
      steps: task.steps,
      progress: task.progress,
      note: task.note,
      since: task.created_at,
      request: task.request_id,
      waitsFor: waitsFor(task, tasks, hosts, now),
      givesUpAt: task.wait_until === null ? null : new Date(task.wait_until).toISOString(),
      error: task.error,
    })),
  }
}

/** An image's data for a host that boots from it. */
async function sendImage(cloud: Cloud, imageId: string, response: ServerResponse): Promise<void> {
  try {
    const data = await cloud.image.data(cloud.database.read, imageId)
    if (!data) return void response.writeHead(404).end()
    const body = data.size ? await data.read() : Readable.from([])
    response.writeHead(200, { 'content-length': data.size })
    await pipeline(body, response)
  } catch (error) {
    cloud.log.warn({ image: imageId, error: (error as Error).message }, 'an image could not be sent to a host')
    response.destroy()
  }
}

/** New keys of each kind; what `nephos keys rotate` shows. */
async function newKeys(cloud: Cloud): Promise<KeyReport> {
  await cloud.rotateKeys('token')
  const secrets = await cloud.rotateKeys('credential')
  return { keys: await cloud.keys.status(), secrets }
}

/** What `nephos events` shows: the newest, or those after a place. */
export async function events(cloud: Cloud, query: URLSearchParams): Promise<EventPage> {
  const number = (name: string, most: number) => Math.min(most, Math.max(0, Math.trunc(Number(query.get(name)) || 0)))
  const given = query.getAll('type')
  const types = given.length ? given : undefined
  return cloud.events.list(
    query.has('after') ? { after: number('after', Number.MAX_SAFE_INTEGER), types } : { last: number('last', 1000), types },
  )
}

const answers: Record<string, (cloud: Cloud, query: URLSearchParams) => Promise<object>> = {
  'GET /status': status,
  'GET /events': events,
  'GET /keys': async (cloud) => ({ keys: await cloud.keys.status(), secrets: null }) satisfies KeyReport,
  'POST /keys/rotate': newKeys,
}

export async function serveControl(cloud: Cloud): Promise<{ close(): Promise<void> }> {
  return serveLink({
    socketPath: join(cloud.config.dataDir, 'run', 'control.sock'),
    hosts: cloud.hosts,
    log: cloud.log,
    async more(request, response) {
      const image = /^\/agent\/images\/([0-9a-f-]{36})$/.exec(request.url ?? '')
      if (image) return sendImage(cloud, image[1]!, response)
      const [path, query] = (request.url ?? '').split('?')
      const answer = answers[`${request.method} ${path}`]
      if (!answer) return void response.writeHead(404).end()
      const told = await answer(cloud, new URLSearchParams(query)).catch((error: NodeJS.ErrnoException) => {
        // The database's, or the disk's: who asks thinks of another socket.
        throw error.code ? new Error(`The cloud runs, but cannot tell: ${error.message}. Is its database there?`) : error
      })
      response.end(JSON.stringify(told))
    },
    async moreUpgrades({ path, query }, socket) {
      const address = query.get('address') ?? ''
      const port = Number(query.get('port'))
      const refuse = (message: string) =>
        void socket.end(`HTTP/1.1 502 Bad Gateway\r\nContent-Length: ${Buffer.byteLength(message)}\r\nConnection: close\r\n\r\n${message}`)
      if (path !== '/stream' || !address || !(port > 0 && port < 65536)) return refuse('unknown request')
      try {
        const [host] = (await cloud.hosts.list(cloud.database.read)).filter((h) => cloud.hosts.calls(h.name))
        const calls = host && cloud.hosts.calls(host.name)
        if (!calls) throw new Error('no host is connected')
        const stream = await calls.tcp({ address, port })
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: nephos-stream\r\n\r\n')
        joinStreams(stream, socket)
      } catch (error) {
        refuse((error as Error).message)
      }
    },
  })
}
