import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { makeImage } from '../testing/make.ts'
import { ownS3Bucket } from '../testing/s3-server.ts'
import { type TestCloud, testCloud } from '../testing/test-cloud.ts'
import { nephosProgram } from './clone.ts'

/** Runs `nephos image verify` on the cloud. */
function verifier(cloud: TestCloud, imageStores: string) {
  const { dataDir, databaseUrl } = cloud.cloud.config
  return (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = {
        PATH: process.env.PATH,
        NEPHOS_DATA_DIR: dataDir,
        NEPHOS_IMAGE_STORES: imageStores,
        NEPHOS_DATABASE_URL: databaseUrl ?? '',
      }
      execFile(nephosProgram(), ['image', 'verify', ...args], { env, timeout: 60_000 }, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out, err }),
      )
    })
}

test('nephos image verify finds what has changed, is missing or belongs to nobody, beside the running cloud', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-verify-'))
  const imageStores = join(folder, 'stores.yaml')
  writeFileSync(imageStores, 'stores: {file: {type: file}, objects: {type: object-store}}\n')
  await using cloud = await testCloud({ settings: { imageStores } })
  try {
    const { dataDir } = cloud.cloud.config
    const nephos = verifier(cloud, imageStores)
    const member = await cloud.as('member')
    const [sound, rotten, short, lost] = [
      await makeImage(member),
      await makeImage(member),
      await makeImage(member),
      await makeImage(member),
    ]
    const { id: other } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
    const headers = { 'content-type': 'application/octet-stream', 'x-image-meta-store': 'objects' }
    await member.request('PUT', `/image/v2/images/${other}/file`, { raw: Buffer.alloc(100_000, 'o'), headers, expected: 204 })
    assert.deepEqual(await nephos(), { code: 0, out: '5 sound, 0 not, 0.00 GiB\n', err: '' })

    const path = (id: string) => join(dataDir, 'images', id)
    const bytes = readFileSync(path(rotten))
    bytes[1000]! ^= 1
    writeFileSync(path(rotten), bytes)
    truncateSync(path(short), 100)
    rmSync(path(lost))
    const { code, out } = await nephos('--json')
    assert.equal(code, 1)
    const verdicts = new Map(JSON.parse(out).data.map((one: { image: string; verdict: string }) => [one.image, one.verdict]))
    assert.deepEqual(
      [sound, rotten, short, lost, other].map((id) => verdicts.get(id)),
      ['sound', 'damaged', 'damaged', 'missing', 'sound'],
    )
    assert.equal((await member.get(`/image/v2/images/${rotten}`)).body.status, 'active')
    const marked = await nephos(rotten, '--deactivate')
    assert.match(marked.out, new RegExp(`${rotten} damaged in file: Its MD5 .*\n${rotten} deactivated\n0 sound, 1 not`))
    assert.equal((await member.get(`/image/v2/images/${rotten}`)).body.status, 'deactivated')

    const orphan = '99999999-9999-4999-8999-999999999999'
    writeFileSync(path(orphan), 'of nobody')
    writeFileSync(path('something else'), 'of an operator')
    mkdirSync(path('folder'))
    const cleared = { code: 0, out: `${orphan} in file, 9 bytes: of no image\n1 orphans, 1 deleted\n`, err: '' }
    assert.deepEqual(await nephos('--orphans', '--delete'), cleared)
    assert.ok(!existsSync(path(orphan)))
    assert.equal(readFileSync(path('something else'), 'utf8'), 'of an operator')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('images in the object store are sound too where an S3 service keeps its bytes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-verify-'))
  const imageStores = join(folder, 'stores.yaml')
  writeFileSync(imageStores, 'default: objects\nstores: {file: {type: file}, objects: {type: object-store}}\n')
  await using other = await testCloud()
  const { endpoint, bucket, accessKey, secretKey } = await ownS3Bucket(other)
  await using cloud = await testCloud({ settings: { imageStores } })
  try {
    const file = join(cloud.cloud.config.dataDir, 'object-store.yaml')
    const backend = { endpoint, bucket, 'access-key': accessKey, 'secret-key': secretKey }
    writeFileSync(file, stringify({ backend }), { mode: 0o600 })
    await cloud.restart()
    const member = await cloud.as('member')
    const { id } = (await member.post('/image/v2/images', { disk_format: 'raw', container_format: 'bare' }, 201)).body
    const headers = { 'content-type': 'application/octet-stream' }
    await member.request('PUT', `/image/v2/images/${id}/file`, { raw: Buffer.alloc(100_000, 'o'), headers, expected: 204 })
    assert.deepEqual(await verifier(cloud, imageStores)(), { code: 0, out: '1 sound, 0 not, 0.00 GiB\n', err: '' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
