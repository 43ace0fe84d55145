// The process is killed while imports download and convert: they end as if it had not been, and nothing is left of the first try.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrations } from '../../../../migrations/index.ts'
import { findProgram } from '../../../cli/host-programs.ts'
import { cloudProcess } from '../../../testing/cloud-process.ts'
import { testDatabaseUrl } from '../../../testing/database.ts'
import { images, octets, raw, until } from '../../../testing/image/stores.ts'

const MiB = 2 ** 20
const noConverter = findProgram('qemu-img') ? false : 'qemu-img is not installed here'

/** The process of that name among those that `pid` has started, and they. */
function descendant(pid: number, name: string): number | undefined {
  let tasks: string[] = []
  try {
    tasks = readdirSync(`/proc/${pid}/task`)
  } catch {
    return undefined
  }
  for (const task of tasks) {
    let children: string[] = []
    try {
      children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean)
      if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name) return pid
    } catch {
      // It has ended meanwhile.
    }
    for (const child of children) {
      const found = descendant(Number(child), name)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** One letter, as the kernel has it; X when there is no such process any more. */
function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '')[0]!
  } catch {
    return 'X'
  }
}

/** True when it runs no more; whoever has to take note of that may not have. */
const hasEnded = (pid: number) => 'ZX'.includes(stateOf(pid))

/** Stops qemu-img below that process when it runs, and gives its id; undefined when `missed` says that it has been. */
async function stopped(pid: number, missed: () => Promise<boolean>): Promise<number | undefined> {
  for (let looks = 1; ; looks++) {
    const found = descendant(pid, 'qemu-img')
    if (found !== undefined && !hasEnded(found)) {
      try {
        process.kill(found, 'SIGSTOP')
      } catch {
        // It has ended just now.
      }
      await until(() => stateOf(found) === 'T' || hasEnded(found))
      if (stateOf(found) === 'T') return found
    }
    if (looks % 50 === 0 && (await missed())) return undefined
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Serves `/whole`, half of it until it is told that the second life has begun, and `/lost`, which is not there in that one. */
async function source(data: Buffer) {
  let second = false
  const waiting = new Set<string>()
  const server = http.createServer((request, response) => {
    if (second) {
      if (request.url === '/whole') response.end(data)
      else response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-length': data.length })
    response.write(data.subarray(0, data.length / 2), () => waiting.add(request.url!))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting,
    begin: () => {
      second = true
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('killed while it downloads and while qemu-img converts, the cloud ends the imports after its next start', {
  skip: noConverter,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-kill-'))
  const { url: databaseUrl, drop } = await testDatabaseUrl(migrations)
  const dataDir = join(folder, 'data')
  const settings = { dataDir, databaseUrl, importConversion: 'qcow2', importPorts: 'any', importPrivate: true }
  const data = randomBytes(4 * MiB)
  const disk = randomBytes(24 * MiB)
  const from = await source(data)
  let cloud = await cloudProcess(settings)
  try {
    const create = async (fields: object) => (await cloud.admin.post(images, { ...raw, ...fields }, 201)).body.id as string
    // No disk of a format that is converted: it is stored as it comes.
    const machine = { disk_format: 'ami', container_format: 'ami' }
    const [whole, lost] = [await create(machine), await create(machine)]
    const shown = async (id: string) => (await cloud.admin.get(`${images}/${id}`)).body
    const task = async (id: string) => (await cloud.admin.get(`${images}/${id}/tasks`)).body.tasks[0]
    for (const [id, path] of [
      [whole, '/whole'],
      [lost, '/lost'],
    ] as const)
      await cloud.admin.post(`${images}/${id}/import`, { method: { name: 'web-download', uri: from.url + path } }, 202)
    // Stopped in the middle, so that it cannot have ended before the cloud does. One that has ended before it was seen is followed by another.
    const before: string[] = []
    let converted = ''
    let converter: number | undefined
    while (converter === undefined) {
      if (converted) before.push(converted)
      assert.ok(before.length < 20, 'no conversion was seen')
      converted = await create({})
      await cloud.admin.request('PUT', `${images}/${converted}/stage`, { raw: disk, headers: octets, expected: 204 })
      await cloud.admin.post(`${images}/${converted}/import`, { method: { name: 'glance-direct' } }, 202)
      converter = await stopped(cloud.pid, async () => (await shown(converted)).status !== 'importing')
    }
    await until(() => from.waiting.size === 2)
    for (const id of [whole, lost, converted]) assert.deepEqual([(await shown(id)).status, (await shown(id)).size], ['importing', null])
    const incoming = () => readdirSync(join(dataDir, 'images', 'incoming'))
    assert.ok(incoming().some((name) => name.endsWith('.converted')))
    await cloud.kill()
    await until(() => hasEnded(converter))

    from.begin()
    cloud = await cloudProcess(settings)
    await until(async () => {
      const ended = await Promise.all([whole, lost, converted].map(async (id) => ['success', 'failure'].includes((await task(id)).status)))
      return ended.every(Boolean)
    })
    assert.deepEqual(await Promise.all([whole, lost, converted].map(async (id) => (await shown(id)).status)), [
      'active',
      'queued',
      'active',
    ])
    assert.equal((await shown(whole)).os_hash_value, createHash('sha512').update(data).digest('hex'))
    assert.match((await task(lost)).message, /status 404/)
    const image = await shown(converted)
    assert.deepEqual([image.disk_format, image.virtual_size], ['qcow2', disk.length])
    await until(() => incoming().length === 0)
    assert.deepEqual(readdirSync(join(dataDir, 'images')).sort(), [...before, whole, converted, 'incoming'].sort())
    const [stored, back] = [join(folder, 'stored'), join(folder, 'back')]
    writeFileSync(stored, readFileSync(join(dataDir, 'images', converted)))
    execFileSync('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', stored, back])
    assert.ok(readFileSync(back).equals(disk))
  } finally {
    await cloud.kill()
    from.close()
    await drop()
    rmSync(folder, { recursive: true, force: true })
  }
})
