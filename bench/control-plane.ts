// The control plane over the fake host: what one process answers and makes in a second, beside the peer's figures.
import { call, type Json, login, passwordBody, type Session } from './client.ts'
import type { BenchCloud } from './cloud.ts'
import { load } from './load.ts'
import type { Row } from './report.ts'

const connections = 16
const seconds = 5

/** A project of its own with room for everything. */
export async function freshProject(cloud: BenchCloud, name: string): Promise<Session> {
  const { admin } = cloud
  const project = (await admin.call('POST', 'identity', '/projects', { project: { name, domain_id: 'default' } })).project.id
  const user = (await admin.call('POST', 'identity', '/users', { user: { name, domain_id: 'default', password: name } })).user.id
  const role = (await admin.call('GET', 'identity', '/roles?name=member')).roles[0].id
  await admin.call('PUT', 'identity', `/projects/${project}/users/${user}/roles/${role}`)
  await admin.call('PUT', 'compute', `/os-quota-sets/${project}`, { quota_set: { instances: -1, cores: -1, ram: -1 } })
  await admin.call('PUT', 'network', `/v2.0/quotas/${project}`, { quota: { network: -1, subnet: -1, port: -1 } })
  return login(cloud.authUrl, name, name, name)
}

export async function atOnce<T>(count: number, lanes: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < count) {
        const index = next++
        results[index] = await work(index)
      }
    }),
  )
  return results
}

async function makeServers(
  me: Session,
  count: number,
  body: (index: number) => Json,
): Promise<{ seconds: number; createMs: number[]; ids: string[] }> {
  const started = performance.now()
  const createMs: number[] = []
  const ids = await atOnce(count, connections, async (index) => {
    const begun = performance.now()
    const id = (await me.call('POST', 'compute', '/servers', { server: body(index) })).server.id as string
    createMs[index] = performance.now() - begun
    return id
  })
  for (;;) {
    const building = (await me.call('GET', 'compute', '/servers?status=BUILD&limit=1')).servers.length
    if (!building) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const elapsed = (performance.now() - started) / 1000
  const failed = (await me.call('GET', 'compute', '/servers?status=ERROR&limit=1')).servers.length
  if (failed) throw new Error('servers ended in ERROR')
  return { seconds: elapsed, createMs, ids }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

export async function measureControlPlane(cloud: BenchCloud, peer: Record<string, number>): Promise<Row[]> {
  const rows: Row[] = []
  const me = await freshProject(cloud, 'bench')
  const headers = { 'X-Auth-Token': me.token }
  const rate = async (
    what: string,
    goal: number | null,
    options: { url: string; method?: string; headers?: Record<string, string>; body?: string },
  ) => {
    const measured = await load({ seconds, connections, ...options })
    rows.push({
      what,
      value: measured.perSecond,
      unit: '/s',
      p99: measured.p99,
      errors: measured.errors,
      peer: peer[what] ?? null,
      goal: goal && peer[what] ? { times: goal } : null,
    })
    process.stderr.write(`  ${what}: ${Math.round(measured.perSecond)}/s, p99 ${measured.p99.toFixed(1)} ms, ${measured.errors} errors\n`)
  }
  const json = { 'Content-Type': 'application/json' }

  await rate('token issue (password)', null, {
    url: `${cloud.authUrl}/auth/tokens`,
    method: 'POST',
    headers: json,
    body: JSON.stringify(passwordBody('bench', 'bench', 'bench')),
  })
  await rate('token validate', 50, {
    url: `${cloud.authUrl}/auth/tokens`,
    headers: { 'X-Auth-Token': cloud.admin.token, 'X-Subject-Token': me.token },
  })

  const image = async (name: string) => {
    const { id } = await me.call('POST', 'image', '/v2/images', { name, disk_format: 'raw', container_format: 'bare' })
    await call('PUT', `${me.url('image')}/v2/images/${id}/file`, { 'x-auth-token': me.token }, Buffer.alloc(1024))
    return id as string
  }
  const images = await atOnce(50, 8, (index) => image(`image-${index}`))
  await rate('list 50 images', 30, { url: `${me.url('image')}/v2/images?limit=50`, headers })

  const network = (await me.call('POST', 'network', '/v2.0/networks', { network: { name: 'bench' } })).network.id
  await me.call('POST', 'network', '/v2.0/subnets', { subnet: { network_id: network, ip_version: 4, cidr: '10.0.0.0/16' } })
  await atOnce(4, 1, (n) =>
    me.call('POST', 'network', '/v2.0/ports', {
      ports: Array.from({ length: 50 }, (_, i) => ({ network_id: network, name: `port-${n}-${i}` })),
    }),
  )
  await rate('list 200 ports', 100, { url: `${me.url('network')}/v2.0/ports?device_id=`, headers })

  const flavor = (await me.call('GET', 'compute', '/flavors?minRam=0')).flavors.find((f: Json) => f.name === 'm1.nano')?.id ?? '1'
  const server = (index: number) => ({ name: `server-${index}`, imageRef: images[0], flavorRef: flavor, networks: [{ uuid: network }] })
  const first = await makeServers(me, 200, server)
  rows.push({
    what: 'servers until ACTIVE',
    value: 200 / first.seconds,
    unit: '/s',
    peer: peer['servers until ACTIVE'] ?? null,
    goal: { times: 100 },
  })
  process.stderr.write(`  servers until ACTIVE: ${(200 / first.seconds).toFixed(1)}/s\n`)
  await rate('list 200 servers (detail)', 100, { url: `${me.url('compute')}/servers/detail`, headers })
  const thousand = await makeServers(me, 1000, server)
  rows.push({ what: '1,000 servers created to ACTIVE', value: thousand.seconds, unit: 's', peer: null, goal: { atMost: 15 } })
  process.stderr.write(`  1,000 servers: ${thousand.seconds.toFixed(1)} s\n`)
  const more = await makeServers(me, 1000, server)
  const all = [...thousand.createMs, ...more.createMs]
  const ratio = median(all.slice(-200)) / median(all.slice(0, 200))
  rows.push({ what: 'create latency, last 200 of 2,000 against the first 200', value: ratio, unit: 'x', peer: null, goal: { atMost: 1.3 } })
  rows.push({ what: 'resident after 2,200 servers', value: cloud.residentMB(), unit: 'MB', peer: null, goal: null })

  const other = await freshProject(cloud, 'bench-creates')
  const otherHeaders = { 'X-Auth-Token': other.token, ...json }
  await rate('create network', 30, {
    url: `${other.url('network')}/v2.0/networks`,
    method: 'POST',
    headers: otherHeaders,
    body: JSON.stringify({ network: { name: 'n' } }),
  })
  const wide = (await other.call('POST', 'network', '/v2.0/networks', { network: { name: 'wide' } })).network.id
  await other.call('POST', 'network', '/v2.0/subnets', { subnet: { network_id: wide, ip_version: 4, cidr: '10.0.0.0/16' } })
  await rate('create port', 30, {
    url: `${other.url('network')}/v2.0/ports`,
    method: 'POST',
    headers: otherHeaders,
    body: JSON.stringify({ port: { network_id: wide } }),
  })
  return rows
}
