import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../../host/commands/exec.ts'
import { type CloudProcess, cloudProcess } from '../../../testing/cloud-process.ts'
import { until } from '../../../testing/until.ts'

const MiB = 2 ** 20
const images = '/image/v2/images'
const octets = { 'content-type': 'application/octet-stream' }

/** A cloud whose database and images lie on one small disk. */
async function onSmallDisk(work: (cloud: { now: CloudProcess; again(): Promise<void> }, dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-shared-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', dataDir])
  const start = () => cloudProcess({ dataDir })
  const life = {
    now: await start(),
    async again() {
      await this.now.kill()
      this.now = await start()
    },
  }
  try {
    await work(life, dataDir)
  } finally {
    await life.now.kill()
    await run('umount', ['-l', dataDir])
    rmSync(dataDir, { recursive: true })
  }
}

/** Fills what is free of the disk. */
function fill(dataDir: string): string {
  const path = join(dataDir, 'ballast')
  const file = openSync(path, 'w')
  try {
    for (const piece of [MiB, 4096]) {
      try {
        for (;;) if (writeSync(file, Buffer.alloc(piece, 1)) < piece) break
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
      }
    }
  } finally {
    closeSync(file)
  }
  return path
}

const newImage = async ({ admin }: CloudProcess, fields = {}) =>
  `${images}/${(await admin.post(images, { disk_format: 'raw', container_format: 'bare', ...fields }, 201)).body.id}`
const incoming = (dataDir: string) => readdirSync(join(dataDir, 'images', 'incoming'))

test('an upload that fills the disk of the database is refused with 507, and the image is queued again', async () => {
  await onSmallDisk(async (cloud, dataDir) => {
    const path = await newImage(cloud.now)
    for (const end of ['file', 'stage']) {
      const put = { raw: Buffer.alloc(64 * MiB, 1), headers: octets, expected: 507 }
      await cloud.now.admin.request('PUT', `${path}/${end}`, put)
      assert.equal((await cloud.now.admin.get(path)).body.status, 'queued', end)
      assert.deepEqual(incoming(dataDir), [], end)
    }
    await cloud.now.admin.request('PUT', `${path}/file`, { raw: Buffer.alloc(MiB), headers: octets, expected: 204 })
    assert.equal((await cloud.now.admin.get(path)).body.status, 'active')
  })
})

test('an import that fills the disk of the database fails, and the image is queued again', async () => {
  await onSmallDisk(async (cloud, dataDir) => {
    const source = http.createServer((_, response) => {
      response.on('error', () => {})
      response.end(Buffer.alloc(64 * MiB, 1))
    })
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve))
    try {
      await cloud.now.kill()
      cloud.now = await cloudProcess({ dataDir, importPorts: 'any', importPrivate: true })
      const path = await newImage(cloud.now)
      const uri = `http://127.0.0.1:${(source.address() as { port: number }).port}/`
      await cloud.now.admin.post(`${path}/import`, { method: { name: 'web-download', uri } }, 202)
      await until('the image is queued', async () => (await cloud.now.admin.get(path)).body.status === 'queued')
      const [task] = (await cloud.now.admin.get(`${path}/tasks`)).body.tasks
      assert.deepEqual([task.status, task.message], ['failure', 'There is not enough space left on the storage.'])
      await until('nothing is left', () => incoming(dataDir).length === 0)
    } finally {
      source.close()
    }
  })
})

test('what the database could not note on a full disk is noted when there is space again', async () => {
  await onSmallDisk(async (cloud, dataDir) => {
    const path = await newImage(cloud.now)
    const headers = { ...octets, 'x-auth-token': await cloud.now.admin.token() }
    const begun = async () => {
      const request = http.request(`${cloud.now.url}${path}/file`, { method: 'PUT', headers })
      request.on('error', () => {})
      request.write(Buffer.alloc(4096))
      await until('the upload has begun', async () => (await cloud.now.admin.get(path)).body.status === 'saving')
      return request
    }
    const request = await begun()
    let ballast = fill(dataDir)
    request.destroy()
    rmSync(ballast)
    await until('the image is queued', async () => (await cloud.now.admin.get(path)).body.status === 'queued')
    // The same when the process dies on the full disk, and starts when there is space again.
    await begun()
    ballast = fill(dataDir)
    await cloud.now.kill()
    rmSync(ballast)
    await cloud.again()
    assert.equal((await cloud.now.admin.get(path)).body.status, 'queued')
    assert.deepEqual(incoming(dataDir), [])
  })
})
