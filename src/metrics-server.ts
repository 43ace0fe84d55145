import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cloud } from './cloud.ts'
import { contained, tellFaults } from './contain.ts'
import type { HostStatus } from './host/client.ts'
import { kinds } from './host/kinds.ts'
import { countOpenTasks } from './tasks/store.ts'

const defaultPort = 9464

/** Whether hosts are there, and how much of each kind they cannot make as asked. */
function tellHosts({ metrics }: Cloud, hosts: HostStatus[]): void {
  metrics.gauges(
    'host_up',
    'Whether the agent of the host is in touch',
    ['host'],
    hosts.map(({ name, up }) => ({ host: name, value: Number(up) })),
  )
  const failing = hosts.flatMap(({ name, facts }) =>
    ['agent', ...kinds].map((kind) => ({
      host: name,
      kind,
      value: (facts.troubles ?? []).filter((trouble) => trouble.kind === kind).length,
    })),
  )
  metrics.gauges(
    'reconcile_failures',
    'What the host cannot make as asked now, by kind; `nephos status` says why',
    ['host', 'kind'],
    failing,
  )
}

/** /metrics and /healthz on loopback only, on the port that the settings then name; null when it is 0. */
export async function serveMetrics(cloud: Cloud): Promise<{ close(): Promise<void> } | null> {
  const { metricsPort, portOffset } = cloud.config
  if (metricsPort === 0) return null
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (request.url === '/healthz') {
      await cloud.database.read.selectFrom('hosts').select('name').limit(1).execute()
      response.end('ok\n')
    } else if (request.url === '/metrics') {
      cloud.metrics.gauge('open_tasks', 'Tasks that are not finished', await countOpenTasks(cloud.database.read))
      tellHosts(cloud, await cloud.hosts.list(cloud.database.read))
      response.setHeader('content-type', cloud.metrics.contentType)
      response.end(await cloud.metrics.text())
    } else response.writeHead(404).end()
  }
  const server = http.createServer(
    { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 2000 },
    contained(answer, (_error, _request, response) => {
      if (response.headersSent) response.destroy()
      else response.writeHead(503).end('not healthy\n')
    }),
  )
  server.maxConnections = 256
  server.timeout = 30_000
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve())
    })
  await listen(metricsPort ?? defaultPort + portOffset).catch((error: NodeJS.ErrnoException) => {
    // A port that nobody chose gives way to another cloud's.
    if (metricsPort !== null || error.code !== 'EADDRINUSE') throw error
    return listen(0)
  })
  tellFaults(server, cloud.log, 'the listener of metrics cannot take a connection')
  cloud.config.metricsPort = (server.address() as AddressInfo).port
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
