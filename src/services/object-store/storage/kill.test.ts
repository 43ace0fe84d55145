import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrations } from '../../../../migrations/index.ts'
import { testDatabaseUrl } from '../../../testing/database.ts'
import { Persona } from '../../../testing/persona.ts'
import { until } from '../../../testing/until.ts'

const program = `
import { loadConfig } from ${JSON.stringify(new URL('../../../config.ts', import.meta.url).href)}
import { startCloud } from ${JSON.stringify(new URL('../../../main.ts', import.meta.url).href)}
const [dataDir, databaseUrl] = process.argv.slice(1)
const flags = { dataDir, host: 'fake', adminPassword: 'test-admin', metricsPort: 0, passwordCost: 4, logLevel: 'silent' }
const config = { ...loadConfig({ flags }), singlePort: 0, databaseUrl: databaseUrl || null }
await startCloud(config)
console.log('port ' + config.singlePort)
`

async function start(dataDir: string, databaseUrl: string | null): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir, databaseUrl ?? ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const chunk of child.stdout!) {
    output += chunk
    const match = /port (\d+)\n/.exec(output)
    if (match) return { child, port: Number(match[1]) }
  }
  throw new Error('the cloud did not start')
}

const md5 = (data: Buffer) => createHash('md5').update(data).digest('hex')
/** More of them by hand, after a change of how bytes are kept. */
const rounds = Number(process.env.NEPHOS_TEST_KILLS ?? 3)
const sizes = [0, 100, 4096, 16_384, 16_385, 200_000, 1_500_000]

test('killed at any moment under load, the store has every object that it acknowledged, and its listings agree', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-kill-'))
  const { url: databaseUrl, drop } = await testDatabaseUrl(migrations)
  let cloud = await start(dataDir, databaseUrl)
  try {
    const admin = new Persona(() => `http://127.0.0.1:${cloud.port}`, { name: 'admin', password: 'test-admin', project: 'admin' })
    const container = `/object-store/v1/AUTH_${await admin.projectId()}/c`
    await admin.request('PUT', container, { expected: 201 })
    /** By name, the checksums that the object may have: what was acknowledged last, or what was under way. null is no object. */
    const may = new Map<string, Set<string | null>>()
    for (let round = 0; round < rounds; round++) {
      let going = true
      const worker = async (number: number) => {
        for (let i = 0; going; i++) {
          const name = `w${number}-${i % 7}`
          const removing = i % 5 === 4
          const raw = removing ? undefined : randomBytes(sizes[randomInt(sizes.length)]!)
          const etag = raw ? md5(raw) : null
          const before = may.get(name) ?? new Set([null])
          may.set(name, new Set([...before, etag]))
          try {
            const { status } = await admin.request(removing ? 'DELETE' : 'PUT', `${container}/${name}`, { raw })
            assert.ok([201, 204, 404].includes(status), String(status))
            may.set(name, new Set([status === 404 ? null : etag]))
          } catch (error) {
            if (error instanceof assert.AssertionError) throw error
            return // the cloud is gone
          }
        }
      }
      const workers = Array.from({ length: 8 }, (_, number) => worker(number))
      await new Promise((resolve) => setTimeout(resolve, randomInt(300, 1200)))
      await until('more than ten objects', () => may.size > 10)
      cloud.child.kill('SIGKILL')
      await once(cloud.child, 'exit')
      going = false
      await Promise.all(workers)

      cloud = await start(dataDir, databaseUrl)
      const listed = (await admin.get(`${container}?format=json`)).body as { name: string; hash: string; bytes: number }[]
      const byName = new Map(listed.map((entry) => [entry.name, entry]))
      for (const [name, checksums] of may) {
        const entry = byName.get(name)
        assert.ok(checksums.has(entry?.hash ?? null), `${name}: ${entry?.hash}, not one of ${[...checksums]}`)
        may.set(name, new Set([entry?.hash ?? null]))
        const answer = await fetch(`http://127.0.0.1:${cloud.port}${container}/${name}`, {
          headers: { 'x-auth-token': await admin.token() },
        })
        const data = Buffer.from(await answer.arrayBuffer())
        assert.equal(answer.status, entry ? 200 : 404)
        if (entry) assert.deepEqual([md5(data), data.length], [entry.hash, entry.bytes])
      }
      const head = (await admin.request('HEAD', container, { expected: 204 })).headers
      const bytes = listed.reduce((sum, entry) => sum + entry.bytes, 0)
      assert.deepEqual([head.get('x-container-object-count'), head.get('x-container-bytes-used')], [String(listed.length), String(bytes)])
      assert.deepEqual(readdirSync(join(dataDir, 'object-store', 'incoming')), [])
      // The sweep that follows the start leaves exactly the files that objects have.
      const large = listed.filter((entry) => entry.bytes > 16 * 1024).length
      const files = () => readdirSync(join(dataDir, 'object-store', 'data'), { recursive: true }).filter((f) => String(f).length > 4).length
      await until('exactly the files that objects have', () => files() === large)
    }
  } finally {
    cloud.child.kill('SIGKILL')
    await once(cloud.child, 'exit').catch(() => {})
    await drop()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
