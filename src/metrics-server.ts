import http from 'node:http'
import type { Cloud } from './cloud.ts'
import { countOpenTasks } from './tasks/store.ts'

/** /metrics and /healthz on loopback only; null when the port is 0. */
export async function serveMetrics(cloud: Cloud): Promise<{ close(): Promise<void> } | null> {
  const port = cloud.config.metricsPort
  if (!port) return null
  const server = http.createServer((request, response) => {
    const answer = async () => {
      if (request.url === '/healthz') {
        await cloud.database.read.selectFrom('hosts').select('name').limit(1).execute()
        response.end('ok\n')
      } else if (request.url === '/metrics') {
        cloud.metrics.gauge('open_tasks', 'Tasks that are not finished', await countOpenTasks(cloud.database.read))
        response.setHeader('content-type', cloud.metrics.contentType)
        response.end(await cloud.metrics.text())
      } else response.writeHead(404).end()
    }
    answer().catch(() => response.writeHead(503).end('not healthy\n'))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port + cloud.config.portOffset, '127.0.0.1', () => resolve())
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
