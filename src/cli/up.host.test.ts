// `nephos up` of root on the real host: an agent with rights, a control process without.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { listNamespaces } from '../host/commands/netns.ts'
import { prefixOf } from '../host/linux-host.ts'
import { freePort } from '../testing/free-port.ts'
import { until } from '../testing/until.ts'
import { connectClient, findCredentials } from './client.ts'
import { nephosProgram } from './clone.ts'
import { getControl } from './control.ts'
import type { Status } from './status.ts'

const uidOf = (pid: number) => Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])

test('the agent alone is root; a signal ends both and leaves networks as they are, and reset takes them away', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-up-host-'))
  const port = await freePort()
  const env = { ...process.env, NEPHOS_DATA_DIR: dataDir, NEPHOS_HOST: 'linux', NEPHOS_METRICS_PORT: '0', NEPHOS_PASSWORD_COST: '4' }
  const namespaces = () => listNamespaces(`${prefixOf(dataDir)}-`)
  const up = spawn(nephosProgram(), ['up', '--single-port', String(port)], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [up.stdout, up.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
  const ended = once(up, 'close') as Promise<[number]>
  try {
    await until('the cloud is ready', () => output.includes('Ctrl-C stops it') || up.exitCode !== null)
    assert.equal(up.exitCode, null, output)
    const status = () => getControl<Status>(dataDir, '/status')
    await until('a host that is up', async () => (await status()).hosts.some((host) => host.up))
    const { pid } = await status()
    assert.notEqual(pid, up.pid)
    assert.equal(uidOf(up.pid!), 0)
    // A clone that other users cannot read keeps it root, and says so.
    if (!output.includes('The control process runs as root')) assert.equal(uidOf(pid), 64_991)

    const client = await connectClient(findCredentials(dataDir, {}))
    const outer = (await client.request<{ networks: { id: string }[] }>('GET', 'network', '/v2.0/networks?router:external=True')).body
    const router = { external_gateway_info: { network_id: outer.networks[0]!.id } }
    await client.request('POST', 'network', '/v2.0/routers', { router })
    await until('the router is on the machine', async () => (await namespaces()).some((name) => name.includes('-router-')))

    up.kill('SIGINT')
    assert.equal((await ended)[0], 0, output)
    assert.match(output, /Stopping; guests go on running/)
    await until('the control process has ended too', () => !existsSync(`/proc/${pid}`))
    assert.ok((await namespaces()).length > 0, 'what guests need stays')
  } finally {
    up.kill('SIGKILL')
    await ended
    await promisify(execFile)(nephosProgram(), ['reset', '--yes'], { env })
    assert.deepEqual([readdirSync(dataDir), await namespaces()], [[], []])
    rmSync(dataDir, { recursive: true, force: true })
  }
})
