// This program beside the one of another commit: both clouds run at once and get the same requests in turns of a second or less, so that what
// the machine does in between meets both. What counts is the processor time of a request.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundlePath } from '../scripts/host/bundle.ts'
import { call, type Session } from './client.ts'
import { type BenchCloud, portOffset, startBenchCloud } from './cloud.ts'
import { atOnce, freshProject } from './control-plane.ts'
import { taken } from './report.ts'

const rounds = 10
/** Requests of a turn: as many there as here, since some leave something behind. */
const turn = 200
const connections = 16
/** Ports of the other cloud, beside those of this one. */
const otherOffset = portOffset - 700

type Request = (index: number) => Promise<unknown>

interface Side {
  cloud: BenchCloud
  requests: Map<string, Request>
}

/** What is asked of both, and what it needs. */
async function prepare(cloud: BenchCloud): Promise<Map<string, Request>> {
  const me: Session = await freshProject(cloud, 'bench')
  const headers = { 'X-Auth-Token': me.token }
  const image = () => me.call('POST', 'image', '/v2/images', { name: 'image', disk_format: 'raw', container_format: 'bare' })
  await atOnce(50, 8, image)
  const network = (await me.call('POST', 'network', '/v2.0/networks', { network: { name: 'bench' } })).network.id
  await me.call('POST', 'network', '/v2.0/subnets', { subnet: { network_id: network, ip_version: 4, cidr: '10.0.0.0/8' } })
  await atOnce(4, 1, () =>
    me.call('POST', 'network', '/v2.0/ports', { ports: Array.from({ length: 50 }, () => ({ network_id: network, name: 'port' })) }),
  )
  const store = (path: string) => me.url('object-store') + path
  const octets = { ...headers, 'Content-Type': 'application/octet-stream' }
  for (const name of ['get', 'put', 'list']) await call('PUT', store(`/${name}`), octets)
  await call('PUT', store('/kept'), { ...octets, 'X-Versions-Enabled': 'true' })
  const four = Buffer.alloc(4096, 'four')
  await atOnce(500, 16, (index) => call('PUT', store(`/get/o${index}`), octets, four))
  await atOnce(2000, 16, (index) => call('PUT', store(`/list/o${index}`), octets, Buffer.alloc(0)))
  await atOnce(1000, 16, (index) => call('PUT', store(`/kept/o${index % 500}`), octets, Buffer.alloc(0)))
  const tokenAgain = { auth: { identity: { methods: ['token'], token: { id: me.token } } } }
  const port = { port: { network_id: network } }
  return new Map<string, Request>([
    ['validate a token', () => call('GET', `${cloud.authUrl}/auth/tokens`, { ...headers, 'X-Subject-Token': me.token })],
    ['token from a token', () => call('POST', `${cloud.authUrl}/auth/tokens`, {}, tokenAgain)],
    ['list 50 images', () => me.call('GET', 'image', '/v2/images?limit=50')],
    ['list 200 ports', () => me.call('GET', 'network', '/v2.0/ports?name=port')],
    ['create a network', () => me.call('POST', 'network', '/v2.0/networks', { network: { name: 'n' } })],
    ['create a port', () => me.call('POST', 'network', '/v2.0/ports', port)],
    ['list flavors (detail)', () => me.call('GET', 'compute', '/flavors/detail')],
    ['GET a 4 KiB object', (index) => call('GET', store(`/get/o${index}`), headers)],
    ['PUT a 4 KiB object', (index) => call('PUT', store(`/put/o${index}`), octets, four)],
    ['list 2,000 objects', () => call('GET', store('/list?format=json&limit=2000'), headers)],
    ['list 500 objects with versions kept', () => call('GET', store('/kept?format=json'), headers)],
    ['list their 1,000 versions', () => call('GET', store('/kept?format=json&versions'), headers)],
  ])
}

/** Builds the program of that commit in a folder of its own; gives its path. */
function buildOf(commit: string, folder: string): string {
  const root = join(import.meta.dirname, '..')
  execFileSync('git', ['worktree', 'add', '--quiet', '--detach', folder, commit], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const build = `import('./scripts/host/bundle.ts').then(({ buildBundle }) => buildBundle())`
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', build], { cwd: folder, stdio: 'inherit' })
  return join(folder, 'dist/nephos.js')
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)

/** Gives a table: of each request (of those with one of `words` in their name, where there are any) what it costs there and here, and the ratio. */
export async function measureAgainst(commit: string, words: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-against-'))
  const clouds: BenchCloud[] = []
  try {
    const programs = [buildOf(commit, join(folder, 'main')), bundlePath]
    const sides: Side[] = []
    for (const [index, program] of programs.entries()) {
      const cloud = await startBenchCloud(program, join(folder, `data-${index}`), 'fake', [], ...(index ? [] : [otherOffset]))
      clouds.push(cloud)
      sides.push({ cloud, requests: await prepare(cloud) })
    }
    const lines = [`| what | ${commit} | here | ratio |`, '|---|--:|--:|--:|']
    for (const what of sides[0]!.requests.keys()) {
      if (words.length && !words.some((word) => what.includes(word))) continue
      const cost: number[][] = [[], []]
      // The first round warms up: programs and caches get ready.
      for (let round = 0; round <= rounds; round++) {
        for (const index of round % 2 ? [1, 0] : [0, 1]) {
          const { cloud, requests } = sides[index]!
          const before = cloud.cpuSeconds()
          await atOnce(turn, connections, requests.get(what)!)
          if (round) cost[index]!.push(((cloud.cpuSeconds() - before) / turn) * 1e6)
        }
      }
      const [there, here] = cost as [number[], number[]]
      const ratio = sum(here) / sum(there)
      lines.push(`| ${what} | ${(sum(there) / rounds).toFixed(0)} us | ${(sum(here) / rounds).toFixed(0)} us | ${ratio.toFixed(2)} |`)
      process.stderr.write(`${lines.at(-1)}\n`)
    }
    const { date, machine, commit: own } = taken()
    return `Processor time of a request, ${commit} and ${own} in turns, ${rounds * turn} each. ${date}, ${machine}.\n\n${lines.join('\n')}\n`
  } finally {
    await Promise.all(clouds.map((cloud) => cloud.stop()))
    execFileSync('git', ['worktree', 'remove', '--force', join(folder, 'main')], { cwd: join(import.meta.dirname, '..') })
    rmSync(folder, { recursive: true, force: true })
  }
}
