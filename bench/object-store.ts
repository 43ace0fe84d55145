// The object store over the fake host, beside the peer's figures and, for large files, beside nginx with the same file.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { call, type Session } from './client.ts'
import type { BenchCloud } from './cloud.ts'
import { atOnce, freshProject } from './control-plane.ts'
import { type Load, load } from './load.ts'
import { fillContainer } from './object-store-fill.ts'
import { serveByNginx } from './object-store-nginx.ts'
import { download, MiB, median, upload } from './object-store-transfer.ts'
import type { Row } from './report.ts'

const connections = 16
const seconds = 5
const rounds = 5

interface At {
  cloud: BenchCloud
  peer: Record<string, number>
  headers: Record<string, string>
  url(path: string): string
  add(row: Omit<Row, 'peer'>): void
  rate(what: string, goal: Row['goal'], one: Omit<Load, 'headers' | 'seconds' | 'connections'> & Partial<Load>): Promise<void>
}

export async function measureObjectStore(cloud: BenchCloud, dataDir: string, peer: Record<string, number>): Promise<Row[]> {
  const rows: Row[] = []
  const me: Session = await freshProject(cloud, 'bench-objects')
  const at: At = {
    cloud,
    peer,
    headers: { 'X-Auth-Token': me.token, 'Content-Type': 'application/octet-stream' },
    url: (path) => me.url('object-store') + path,
    add(row) {
      rows.push({ ...row, peer: peer[row.what] ?? null })
      process.stderr.write(`  ${row.what}: ${row.value.toPrecision(4)} ${row.unit}${row.errors ? `, ${row.errors} errors` : ''}\n`)
    },
    async rate(what, goal, one) {
      const cpu = cloud.cpuSeconds()
      const measured = await load({ headers: at.headers, seconds, connections, ...one })
      const used = ((cloud.cpuSeconds() - cpu) / (measured.perSecond * (one.seconds ?? seconds))) * 1e6
      at.add({ what, goal, value: measured.perSecond, unit: '/s', p99: measured.p99, errors: measured.errors })
      process.stderr.write(`    ${used.toFixed(0)} us of processor each, ${cloud.residentMB()} MB\n`)
    },
  }
  for (const name of ['small', 'get', 'big', 'list']) await call('PUT', at.url(`/${name}`), at.headers)
  // Small ones first: the memory is measured before anything large has been through the process.
  await smallObjects(at)
  await listings(at, join(dataDir, 'nephos.db'), me.projectId)
  await largeObjects(at, join(dataDir, 'object-store/data'))
  return rows
}

async function smallObjects(at: At): Promise<void> {
  const four = Buffer.alloc(4096, 'four')
  await atOnce(500, connections, (index) => call('PUT', at.url(`/get/o${index}`), at.headers, four))
  const put = { method: 'PUT', url: at.url('/small/o%N%'), body: four.toString() }
  const get = { url: at.url('/get/o%N%'), among: 500 }
  await at.rate('PUT a 4 KiB object', { times: 10 }, put)
  await at.rate('GET a 4 KiB object', { times: 20 }, get)
  const resident = await peakOf(at.cloud, async () => {
    for (const one of [put, get]) await load({ headers: at.headers, seconds, connections: 64, ...one })
  })
  at.add({ what: 'resident, 64 connections with 4 KiB objects', value: resident, unit: 'MB', goal: { atMost: 150 } })
}

/** The most that was resident while the work went on. */
async function peakOf(cloud: BenchCloud, work: () => Promise<unknown>): Promise<number> {
  let peak = 0
  const look = setInterval(() => {
    peak = Math.max(peak, cloud.residentMB())
  }, 50)
  await work()
  clearInterval(look)
  return peak
}

async function listings(at: At, database: string, projectId: string): Promise<void> {
  const started = performance.now()
  const name = (index: number) => `object-${String(index).padStart(6, '0')}`
  await atOnce(10_000, 32, (index) => call('PUT', at.url(`/list/${name(index)}`), at.headers, Buffer.alloc(0)))
  const rate = 10_000 / ((performance.now() - started) / 1000)
  at.add({ what: 'fill a container with 10,000 empty objects', value: rate, unit: '/s', goal: null })
  const whole = at.url('/list?format=json&limit=10000')
  await at.rate('list a container of 10,000', { times: 20 }, { url: whole })
  const times: number[] = []
  for (let index = 0; index < 50; index++) {
    await call('PUT', at.url(`/list/${name(index * 190)}`), at.headers, Buffer.alloc(0))
    const begun = performance.now()
    await download(whole, at.headers)
    times.push(performance.now() - begun)
  }
  const afterChange = median(times)
  at.add({ what: 'list a container of 10,000 just after a change', value: afterChange, unit: 'ms', goal: { atMost: 1000 / 276 } })
  await at.rate('list 100 of 10,000', { times: 20 }, { url: at.url('/list?format=json&limit=100') })

  await fillContainer(database, `AUTH_${projectId}`, 'million', 1000, 1000)
  const pages: number[] = []
  for (let index = 0; index < 50; index++) {
    const begun = performance.now()
    await download(at.url(`/million?format=json&limit=10000&marker=f${String((index * 367) % 980).padStart(3, '0')}`), at.headers)
    pages.push(performance.now() - begun)
  }
  at.add({ what: 'a page of 10,000 out of 1,000,000, not seen before', value: median(pages), unit: 'ms', goal: { atMost: 1000 / 276 } })
  const goal = { atLeast: 276 }
  await at.rate('list a folder of 1,000 out of 1,000,000 (prefix and delimiter)', goal, {
    url: at.url('/million?format=json&delimiter=/&prefix=f%N%/'),
    among: 1000,
  })
  await at.rate('list the 1,000 folders of 1,000,000 (delimiter)', goal, { url: at.url('/million?format=json&delimiter=/') })
  const folders: number[] = []
  for (let index = 0; index < 20; index++) {
    await call('PUT', at.url(`/million/f500/new${index}`), at.headers, Buffer.alloc(0))
    const begun = performance.now()
    await download(at.url('/million?format=json&delimiter=/'), at.headers)
    folders.push(performance.now() - begun)
  }
  at.add({ what: 'the 1,000 folders of 1,000,000 just after a change', value: median(folders), unit: 'ms', goal: { atMost: 1000 / 276 } })
}

async function largeObjects(at: At, dataFolder: string): Promise<void> {
  const body = Buffer.alloc(64 * MiB)
  for (let i = 0; i < body.length; i += 4) body.writeUInt32LE((i * 2654435761) >>> 0, i)
  const puts: number[] = []
  for (let index = 0; index < rounds; index++) puts.push(await upload(at.url(`/big/o${index}`), at.headers, body))
  const perSecond = (ms: number[]) => 64 / (median(ms) / 1000)
  at.add({ what: 'PUT 64 MiB, one at a time', value: perSecond(puts), unit: 'MiB/s', goal: { times: 1 } })
  const files = readdirSync(dataFolder, { recursive: true }) as string[]
  const file = files.find((path) => statSync(join(dataFolder, path)).size === body.length)!
  const nginx = await serveByNginx(dataFolder)
  const ours: number[] = []
  const theirs: number[] = []
  for (let index = 0; index < rounds * 2; index++) {
    // In turn, so that what else the machine does falls on both.
    ours.push(await download(at.url('/big/o0'), at.headers))
    if (nginx) theirs.push(await download(`${nginx.url}/${file}`, {}))
  }
  at.add({ what: 'GET 64 MiB, one at a time', value: perSecond(ours), unit: 'MiB/s', goal: { times: 1 } })
  if (nginx) {
    at.add({ what: 'the same file from nginx', value: perSecond(theirs), unit: 'MiB/s', goal: null })
    at.add({ what: 'GET 64 MiB against nginx', value: median(theirs) / median(ours), unit: 'x', goal: { atLeast: 0.7 } })
  } else process.stderr.write('  nginx is not installed: no comparison with it\n')
  await nginx?.stop()
  const peak = await peakOf(at.cloud, async () => {
    await atOnce(64, 64, (index) => upload(at.url(`/big/p${index}`), at.headers, body.subarray(0, 8 * MiB)))
    await atOnce(64, 64, () => download(at.url('/big/o0'), at.headers))
  })
  at.add({ what: 'resident, 64 connections with large objects', value: peak, unit: 'MB', goal: { atMost: 150 } })
}
