// What `npm run bench` measures, by name. A part starts what it needs, gives its rows and leaves nothing behind.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { bundlePath } from '../scripts/host/bundle.ts'
import { ensureGuestImage, guestImage } from '../scripts/host/guest-image.ts'
import { findPostgres, startPostgres } from '../scripts/test/postgres.ts'
import { type BenchCloud, startBenchCloud } from './cloud.ts'
import { measureControlPlane } from './control-plane.ts'
import { measureIdentity } from './identity.ts'
import { measureLists, measureTransfers, missingForTransfers } from './image.ts'
import { measureObjectStore } from './object-store.ts'
import { measureRealHost } from './real-host.ts'
import type { Row } from './report.ts'

export interface Part {
  /** Heading in bench/RESULTS.md. */
  title: string
  /** How the load is made, in a line or two below the heading. */
  load: string
  /** Why it cannot be measured here; null when it can. */
  missing?(): string | null
  measure(peer: Record<string, number>): Promise<Row[]>
}

/** Runs `work` with a cloud of its own on a new folder. */
export async function withCloud<T>(
  host: 'fake' | 'linux',
  settings: string[],
  work: (cloud: BenchCloud, dataDir: string) => Promise<T>,
): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-bench-'))
  try {
    const cloud = await startBenchCloud(bundlePath, dataDir, host, settings)
    try {
      return await work(cloud, dataDir)
    } finally {
      await cloud.stop()
      // What holds the networks of a real host stays with its data when the cloud stops.
      if (host === 'linux') await promisify(execFile)(process.execPath, [bundlePath, 'reset', '--yes', '--data-dir', dataDir])
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function measureStart(peer: Record<string, number>): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-bench-'))
  await (await startBenchCloud(bundlePath, dataDir, 'fake')).stop()
  const ready: number[] = []
  for (let round = 0; round < 5; round++) {
    const cloud = await startBenchCloud(bundlePath, dataDir, 'fake')
    ready.push(cloud.readyMs)
    await cloud.stop()
  }
  const cloud = await startBenchCloud(bundlePath, dataDir, 'fake')
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const resident = cloud.residentMB()
  await cloud.stop()
  rmSync(dataDir, { recursive: true })
  return [
    {
      what: 'process start until all endpoints answer, median of 5',
      value: ready.toSorted((a, b) => a - b)[2]! / 1000,
      unit: 's',
      peer: peer['seconds to start']!,
      goal: { atMost: 1 },
    },
    { what: 'resident, idle, with the fake host', value: resident, unit: 'MB', peer: peer['MB idle']!, goal: { atMost: 200 } },
  ]
}

async function measureImages(peer: Record<string, number>): Promise<Row[]> {
  const listed = peer['list 50 images'] ?? null
  const rows = await withCloud('fake', [], async (cloud, dataDir) => measureTransfers(cloud, dataDir))
  rows.push(...(await withCloud('fake', [], (cloud) => measureLists(cloud, 'SQLite', listed))))
  if (!findPostgres('postgres')) return rows
  const postgres = await startPostgres()
  try {
    rows.push(...(await withCloud('fake', ['--database-url', postgres.url], (cloud) => measureLists(cloud, 'PostgreSQL', listed))))
  } finally {
    await postgres.stop()
  }
  return rows
}

/** In the order of the page. The object store measures its memory, so it has a cloud of its own. */
export const parts: Record<string, Part> = {
  control: {
    title: 'Control plane, fake host',
    load: '16 connections, 5 s each, SQLite with every commit flushed.',
    measure: async (peer) => [...(await measureStart(peer)), ...(await withCloud('fake', [], (cloud) => measureControlPlane(cloud, peer)))],
  },
  identity: {
    title: 'Identity with 10,000 users, 1,000 projects and 100,000 role assignments',
    load: '16 connections, 5 s each, for rates; one connection for times in ms (the median). PostgreSQL without fsync, on the same machine.',
    measure: measureIdentity,
  },
  'object-store': {
    title: 'Object store',
    load: '16 connections, 5 s each unless said otherwise, SQLite with every commit flushed.',
    measure: (peer) => withCloud('fake', [], (cloud, dataDir) => measureObjectStore(cloud, dataDir, peer)),
  },
  image: {
    title: 'Images',
    load: 'Bodies by curl, one at a time, medians of 3 and in turns with nginx; lists by 1 or 16 connections for 4 or 5 s.',
    missing: missingForTransfers,
    measure: measureImages,
  },
  real: {
    title: 'Real host',
    load: 'Namespaces and guests under emulation, as root.',
    missing: () => (process.getuid?.() === 0 ? null : 'it needs root'),
    async measure() {
      const missing = await ensureGuestImage()
      if (missing) throw new Error(missing)
      return withCloud('linux', [], (cloud, dataDir) => measureRealHost(cloud, dataDir, guestImage, bundlePath))
    },
  },
}

export interface Peer {
  /** What it is, on what machine, and when it was measured. */
  what: string
  /** Figures by the name of our row. */
  figures: Record<string, number>
}

export function readPeer(file: string): Peer {
  const { what, ...figures } = JSON.parse(readFileSync(file, 'utf8'))
  return { what, figures }
}
