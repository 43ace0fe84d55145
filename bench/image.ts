// Images: large bodies by curl beside nginx on the same disk, the memory that they take, and filtered lists of a large cloud.
import { spawn, spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Session } from './client.ts'
import type { BenchCloud } from './cloud.ts'
import { uploadNginx } from './image-nginx.ts'
import { load } from './load.ts'
import type { Row } from './report.ts'

const MiB = 2 ** 20
const size = Number(process.env.NEPHOS_BENCH_IMAGE_MIB ?? 2048) * MiB
const rounds = 3
const images = 10_000

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Bytes that are no pattern; writing them out is done before anything is measured. */
function makeFile(path: string): void {
  const part = randomFillSync(Buffer.alloc(64 * MiB))
  const file = openSync(path, 'w')
  for (let at = 0; at < size; at += part.length) writeSync(file, part, 0, Math.min(part.length, size - at))
  fsyncSync(file)
  closeSync(file)
}

/** Seconds that curl takes by its own clock. */
function curl(...args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('curl', ['-sS', '--fail', '-w', '\n%{time_total}', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const seconds = Number(output.trim().split('\n').at(-1))
      if (code === 0 && seconds > 0) resolve(seconds)
      else reject(new Error(`curl ${args.join(' ').slice(0, 200)} ended with ${code}`))
    })
  })
}

const note = (text: string) => process.stderr.write(`  ${text}\n`)

/** What is missing for `measureTransfers`, null when nothing is. */
export const missingForTransfers = () => (spawnSync('curl', ['--version']).error ? 'it needs curl' : null)

export async function measureTransfers(cloud: BenchCloud, dataDir: string): Promise<Row[]> {
  const folder = mkdtempSync(join(dataDir, 'bench-image-'))
  const file = join(folder, 'file')
  makeFile(file)
  const nginx = await uploadNginx(folder)
  const { admin } = cloud
  const headers = ['-H', `X-Auth-Token: ${admin.token}`, '-H', 'Content-Type: application/octet-stream']
  const base = `${admin.url('image')}/v2/images`
  const taken: Record<'up' | 'down' | 'nginxUp' | 'nginxDown', number[]> = { up: [], down: [], nginxUp: [], nginxDown: [] }
  const idle = cloud.residentMB()
  let peak = idle
  const watch = setInterval(() => {
    peak = Math.max(peak, cloud.residentMB())
  }, 50)
  try {
    // In turns, so that what else the machine does meets both alike; what the disk still has to write is not left to the next.
    for (let round = 0; round < rounds; round++) {
      const { id } = await admin.call('POST', 'image', '/v2/images', { disk_format: 'raw', container_format: 'bare' })
      taken.up.push(await curl(...headers, '-T', file, `${base}/${id}/file`))
      spawnSync('sync')
      taken.down.push(await curl(...headers, '-o', '/dev/null', `${base}/${id}/file`))
      if (nginx) {
        taken.nginxUp.push(await curl('-T', file, `${nginx.url}/${round}`))
        spawnSync('sync')
        taken.nginxDown.push(await curl('-o', '/dev/null', `${nginx.url}/${round}`))
        rmSync(join(nginx.root, String(round)))
      }
      await admin.call('DELETE', 'image', `/v2/images/${id}`)
      note(
        `${Object.entries(taken)
          .map(([name, all]) => `${name} ${(size / MiB / (all.at(-1) ?? Number.NaN)).toFixed(0)} MiB/s`)
          .join(', ')}`,
      )
    }
  } finally {
    clearInterval(watch)
    await nginx?.stop()
    rmSync(folder, { recursive: true })
  }
  const rate = (all: number[]) => (all.length ? size / MiB / median(all) : null)
  const goal = nginx ? { times: 0.8 } : null
  const shown = `${size / MiB / 1024} GiB by curl`
  return [
    {
      what: `upload ${shown}, two checksums, flushed (peer: nginx PUT)`,
      value: rate(taken.up)!,
      unit: 'MiB/s',
      peer: rate(taken.nginxUp),
      goal,
    },
    { what: `download ${shown} (peer: nginx GET)`, value: rate(taken.down)!, unit: 'MiB/s', peer: rate(taken.nginxDown), goal },
    { what: 'resident above idle at the most during those', value: peak - idle, unit: 'MB', peer: null, goal: { atMost: 60 } },
  ]
}

async function fill(me: Session): Promise<void> {
  const ask = (path: string, name: string) => me.call('POST', 'identity', path, { project: { name, domain_id: 'default' } })
  // As many as the limit of a project lets it have.
  const owners: string[] = []
  for (let index = 0; index < images / 1000; index++) owners.push((await ask('/projects', `bench-images-${index}`)).project.id)
  let next = 0
  const distributions = ['debian', 'fedora', 'ubuntu', 'alpine', 'suse', 'arch', 'gentoo', 'centos', 'rocky', 'freebsd']
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < images) {
        const index = next++
        await me.call('POST', 'image', '/v2/images', {
          name: `image-${index}`,
          owner: owners[Math.floor(index / 1000)],
          container_format: 'bare',
          disk_format: index % 3 ? 'qcow2' : 'raw',
          visibility: index % 4 ? 'public' : 'shared',
          os_distro: distributions[index % 10],
          tags: [`tag-${index % 7}`],
        })
      }
    }),
  )
}

/** Lists of a cloud with 10,000 images; `database` names it in the rows. */
export async function measureLists(cloud: BenchCloud, database: string, peerRate: number | null): Promise<Row[]> {
  const { admin } = cloud
  await fill(admin)
  const headers = { 'X-Auth-Token': admin.token }
  const url = `${admin.url('image')}/v2/images?limit=50`
  const rows: Row[] = []
  for (const [what, query] of [
    ['two fields', '&disk_format=qcow2&visibility=shared'],
    ['a field and a property', '&disk_format=qcow2&os_distro=debian'],
    ['a tag and a property', '&tag=tag-3&os_distro=fedora'],
  ] as const) {
    const one = await load({ url: url + query, headers, seconds: 4, connections: 1 })
    note(`${database}, ${what}: ${one.perSecond.toFixed(0)}/s, p99 ${one.p99.toFixed(1)} ms, ${one.errors} errors`)
    rows.push({
      what: `list 50 of 10,000 images by ${what}, ${database}, p99 of one connection`,
      value: one.p99,
      unit: 'ms',
      errors: one.errors,
      peer: null,
      goal: { atMost: 10 },
    })
  }
  const many = await load({ url, headers, seconds: 5, connections: 16 })
  note(`${database}, no filter: ${many.perSecond.toFixed(0)}/s, p99 ${many.p99.toFixed(1)} ms`)
  rows.push({
    what: `list 50 of 10,000 images, ${database}, 16 connections`,
    value: many.perSecond,
    unit: '/s',
    p99: many.p99,
    errors: many.errors,
    peer: peerRate,
    goal: peerRate === null ? null : { times: 30 },
  })
  return rows
}
