// A Ceph cluster for a test: a monitor and a disk in memory, without root, in a temporary folder and on loopback.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

const programs = ['ceph', 'ceph-mon', 'ceph-osd', 'ceph-authtool', 'monmaptool', 'rbd']
/** Why there can be no cluster here; null when there can. */
export const cephMissing = (): string | null => {
  const missing = programs.filter((name) => !existsSync(`/usr/bin/${name}`))
  return missing.length ? `needs Debian's ceph-mon, ceph-osd and ceph-common (${missing.join(', ')} missing)` : null
}

export interface CephCluster extends AsyncDisposable {
  conf: string
  pool: string
}

export async function cephCluster(pool = 'images'): Promise<CephCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-ceph-'))
  const conf = join(folder, 'ceph.conf')
  const fsid = randomUUID()
  const address = `[v2:127.0.0.1:${await freePort()}]`
  for (const name of ['mon', 'osd', 'run', 'log']) mkdirSync(join(folder, name))
  const settings = {
    fsid,
    'mon host': address,
    'public addr': '127.0.0.1',
    'cluster addr': '127.0.0.1',
    'auth cluster required': 'none',
    'auth service required': 'none',
    'auth client required': 'none',
    'osd pool default size': 1,
    'osd pool default min size': 1,
    'osd crush chooseleaf type': 0,
    'mon allow pool size one': true,
    'osd objectstore': 'memstore',
    'memstore device bytes': 2 ** 29,
    'osd pool default pg autoscale mode': 'off',
    'mon data avail crit': 1,
    'mon data': join(folder, 'mon'),
    'osd data': join(folder, 'osd'),
    'run dir': join(folder, 'run'),
    'admin socket': join(folder, 'run/$name.asok'),
    'log file': join(folder, 'log/$name.log'),
    'mon cluster log file': join(folder, 'log/cluster.log'),
    keyring: join(folder, 'keyring'),
  }
  writeFileSync(
    conf,
    `[global]\n${Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join('')}`,
  )
  const children: ChildProcess[] = []
  const call = (name: string, ...args: string[]) => promisify(execFile)(name, ['-c', conf, ...args], { timeout: 60_000 })
  const ceph = (...args: string[]) => call('ceph', '--connect-timeout', '50', ...args)
  const begin = (name: string, ...args: string[]) => {
    const log = openSync(join(folder, 'log', `${name}.out`), 'w')
    children.push(spawn(name, ['-c', conf, '-f', ...args], { stdio: ['ignore', log, log] }))
    closeSync(log)
  }
  const end = async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await promisify(execFile)('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', address, join(folder, 'monmap')])
    await promisify(execFile)('ceph-authtool', [
      '--create-keyring',
      join(folder, 'keyring'),
      '--gen-key',
      '-n',
      'mon.',
      '--cap',
      'mon',
      'allow *',
    ])
    await call('ceph-mon', '--mkfs', '-i', 'a', '--monmap', join(folder, 'monmap'), '--keyring', join(folder, 'keyring'))
    begin('ceph-mon', '-i', 'a')
    const uuid = randomUUID()
    const osd = (await ceph('osd', 'new', uuid)).stdout.trim()
    await call('ceph-osd', '-i', osd, '--mkfs', '--osd-uuid', uuid)
    begin('ceph-osd', '-i', osd)
    await ceph('osd', 'pool', 'create', pool, '8', '8', 'replicated')
    await ceph('osd', 'pool', 'application', 'enable', pool, 'rbd')
    await call('rbd', 'pool', 'init', pool)
    return { conf, pool, [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}
