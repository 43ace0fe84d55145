// What the tests of image stores share.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { systemClock } from '../../environment.ts'
import type { S3Settings } from '../../s3-client/client.ts'
import type { Persona } from '../persona.ts'
import { type TestCloud, testCloud } from '../test-cloud.ts'

export const octets = { 'content-type': 'application/octet-stream' }
export const images = '/image/v2/images'
export const raw = { disk_format: 'raw', container_format: 'bare' }

/** A file of settings with a folder as default, the object store, and S3 of that server when it is given. */
export function settingsFile(s3?: S3Settings, more: object = {}): { path: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-stores-'))
  const path = join(folder, 'stores.yaml')
  const archive = s3 && {
    type: 's3',
    endpoint: s3.endpoint,
    bucket: s3.bucket,
    'access-key': s3.accessKey,
    'secret-key': s3.secretKey,
    'part-mib': 5,
    ...more,
  }
  const stores = { file: { type: 'file' }, objects: { type: 'object-store', 'part-mib': 1 }, ...(archive && { archive }) }
  writeFileSync(path, stringify({ default: 'file', stores }), { mode: 0o600 })
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

export const until = async (what: () => Promise<boolean> | boolean) => {
  const end = Date.now() + 60_000
  while (!(await what())) {
    assert.ok(Date.now() < end, 'it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export async function withData(persona: Persona, data: Buffer | string, store?: string): Promise<string> {
  const { id } = (await persona.post(images, raw, 201)).body
  const headers = { ...octets, ...(store && { 'x-image-meta-store': store }) }
  await persona.request('PUT', `${images}/${id}/file`, { raw: data, headers, expected: 204 })
  return id
}

export const shown = async (persona: Persona, id: string) => (await persona.get(`${images}/${id}`)).body
export const rowsOf = ({ cloud }: TestCloud, id: string) =>
  cloud.database.read.selectFrom('image_locations').selectAll().where('image_id', '=', id).execute()

/** Waits until all imports of the image have ended; gives the newest one. */
export async function ended(persona: Persona, id: string) {
  const tasks = async () => (await persona.get(`${images}/${id}/tasks`)).body.tasks as { status: string; message: string }[]
  await until(async () => (await tasks()).every(({ status }) => status === 'success' || status === 'failure'))
  return (await tasks())[0]!
}

export const bytesOf = async (cloud: TestCloud, persona: Persona, id: string, range?: string) => {
  const headers = { 'x-auth-token': await persona.token(), ...(range && { range }) }
  const answer = await fetch(`${cloud.url}${images}/${id}/file`, { headers })
  assert.ok(answer.ok, String(answer.status))
  return Buffer.from(await answer.arrayBuffer())
}

/** A cloud whose time can be moved on. */
export async function cloudAt(file: { path: string }, more = {}) {
  let ahead = 0
  // Pauses between tries of a service that is away are shorter than in life.
  const sleep = (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 10, signal)
  const clock = { now: () => systemClock.now() + ahead, sleep }
  const cloud = await testCloud({ settings: { imageStores: file.path, tokenLifetime: 10 * 86_400, ...more }, clock })
  const pass = (seconds: number) => {
    ahead += seconds * 1000
  }
  return { cloud, pass }
}
