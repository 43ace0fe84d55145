// npm run bench [-- control|real]: measures and writes bench/RESULTS.md (only when both parts ran).
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildBundle, bundleIsFresh, bundlePath } from '../scripts/host/bundle.ts'
import { ensureGuestImage, guestImage } from '../scripts/host/guest-image.ts'
import { startBenchCloud } from './cloud.ts'
import { measureControlPlane } from './control-plane.ts'
import { measureRealHost } from './real-host.ts'
import { type Row, report } from './report.ts'

const root = join(import.meta.dirname, '..')
const only = process.argv[2]
const peer = JSON.parse(readFileSync(join(root, 'bench/peer.json'), 'utf8'))
if (!bundleIsFresh()) await buildBundle()
const rows: Row[] = []
const folder = () => mkdtempSync(join(tmpdir(), 'nephos-bench-'))

if (only !== 'real') {
  const dataDir = folder()
  await (await startBenchCloud(bundlePath, dataDir, 'fake')).stop()
  const ready: number[] = []
  for (let round = 0; round < 5; round++) {
    const cloud = await startBenchCloud(bundlePath, dataDir, 'fake')
    ready.push(cloud.readyMs)
    await cloud.stop()
  }
  rows.push({
    what: 'process start until all endpoints answer, median of 5',
    value: ready.toSorted((a, b) => a - b)[2]! / 1000,
    unit: 's',
    peer: peer['seconds to start'],
    goal: { atMost: 1 },
  })
  const cloud = await startBenchCloud(bundlePath, dataDir, 'fake')
  await new Promise((resolve) => setTimeout(resolve, 2000))
  rows.push({
    what: 'resident, idle, with the fake host',
    value: cloud.residentMB(),
    unit: 'MB',
    peer: peer['MB idle'],
    goal: { atMost: 200 },
  })
  process.stderr.write(`  ready in ${Math.round(ready[2]!)} ms, ${cloud.residentMB()} MB\n`)
  rows.push(...(await measureControlPlane(cloud, peer)))
  await cloud.stop()
  rmSync(dataDir, { recursive: true })
}
if (only !== 'control' && process.getuid?.() === 0) {
  const missing = await ensureGuestImage()
  if (missing) throw new Error(missing)
  const dataDir = folder()
  const cloud = await startBenchCloud(bundlePath, dataDir, 'linux')
  rows.push(...(await measureRealHost(cloud, dataDir, guestImage, bundlePath)))
  await cloud.stop()
  rmSync(dataDir, { recursive: true })
}
const notesFile = join(root, 'bench/NOTES.md')
const page = report(rows, existsSync(notesFile) ? readFileSync(notesFile, 'utf8') : '', peer.what)
if (only === undefined) writeFileSync(join(root, 'bench/RESULTS.md'), page)
process.stdout.write(page)
