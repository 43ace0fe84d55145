import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type Log, silentLog } from '../../../log.ts'
import { filledContainer } from '../../../testing/object-store/listings.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { until } from '../../../testing/until.ts'
import { listingPage } from '../web/page.ts'
import { renderInSqlite } from './in-sqlite.ts'
import { jsonList, renderContainers, renderObjects } from './render.ts'
import { listVersions } from './versions.ts'

const everything = { limit: 10_000, marker: '', endMarker: '', prefix: '', delimiter: '', path: null, reverse: false }
/** Long enough for all of them to be work for some time. */
const names = Array.from({ length: 10_000 }, (_, index) => `${index}${'é&<"x'.repeat(100)}/o`)

test('security-25: a listing whose client has left is not made to its end', async () => {
  const ended: { path: string; status: number }[] = []
  const log: Log = { ...silentLog, isLevelEnabled: () => true, info: (fields) => void ended.push(fields as (typeof ended)[number]) }
  // To check an answer it is made whole first.
  await using cloud = await testCloud({ log, settings: { checkAnswers: false } })
  const { database } = cloud.cloud
  await filledContainer(cloud, [], names)
  const member = await cloud.as('member')
  const account = `/object-store/v1/AUTH_${await member.projectId()}`
  const things = `${account}/things`
  await member.request('POST', things, { headers: { 'x-container-meta-web-listings': 'true' }, expected: 204 })
  const { id: _, ...made } = await database.read.selectFrom('object_store_containers').selectAll().executeTakeFirstOrThrow()
  await database.write(async ({ db }) => {
    for (let from = 0; from < names.length; from += 500)
      await db
        .insertInto('object_store_containers')
        .values(names.slice(from, from + 500).map((name) => ({ ...made, name: name.replaceAll('/', '') })))
        .execute()
  })
  const token = await member.token()
  const { port } = new URL(cloud.url)
  // Who asks is known only when he has left.
  const { tokens } = cloud.cloud
  const authenticate = tokens.authenticate.bind(tokens)
  let leave: (() => Promise<unknown>) | null = null
  tokens.authenticate = async (...given) => {
    await leave?.()
    return authenticate(...given)
  }
  /** What the request ends with whose client has left before its work begins. */
  async function left(path: string, headers = ''): Promise<number> {
    ended.length = 0
    const socket = net.connect(Number(port), '127.0.0.1')
    leave = () => {
      socket.destroy()
      return setTimeout(20)
    }
    await once(socket, 'connect')
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${token}\r\n${headers}\r\n`)
    await until('the work ends', () => ended.length > 0)
    leave = null
    return ended[0]!.status
  }
  const kinds: [path: string, headers?: string][] = [
    [`${things}?versions`, 'Accept: */*\r\n'],
    [`${things}/`, 'X-Web-Mode: true\r\n'],
  ]
  for (const format of ['text', 'json', 'xml'])
    for (const path of [account, things]) {
      kinds.push([`${path}?format=${format}&delimiter=/`], [`${path}?format=${format}&reverse=on`])
      // PostgreSQL makes a plain page of a container in one go, and in its own process.
      if (path === account || format === 'xml' || database.dialect === 'sqlite') kinds.push([`${path}?format=${format}`])
    }
  for (const [path, headers] of kinds) {
    assert.equal(await left(path, headers), 499, path)
    assert.equal((await member.request('GET', `${things}?limit=1`)).status, 200)
  }
})

test('security-25: whoever makes a listing asks again and again whether somebody hears it', async () => {
  await using cloud = await testCloud({ settings: { checkAnswers: false } })
  const { database } = cloud.cloud
  const { id } = await filledContainer(cloud, [], names)
  const rows = names.map((name) => ({
    name,
    version_id: '',
    size: 1,
    etag: 'e',
    content_type: 'a/b',
    kind: '' as const,
    metadata: {},
    made_at: 1,
    changed_at: 1,
  }))
  const containers = names.map((name) => ({ name, objects: 1, bytes_used: 1, changed_at: 1 }))
  const place = { account: 'AUTH_x', name: 'things' }
  const makers: Record<string, (heard: () => void) => Promise<unknown>> = {
    versions: (heard) => listVersions(database.read, id, { ...everything, versionMarker: null }, heard),
    'a list': (heard) => jsonList(names, (name) => name, heard),
    'a page of a site': (heard) => listingPage({ title: 't', prefix: '', css: undefined }, rows, heard),
    ...Object.fromEntries(
      (['json', 'xml'] as const).flatMap((format) => [
        [`objects as ${format}`, (heard: () => void) => renderObjects(place, rows, format, heard)],
        [`containers as ${format}`, (heard: () => void) => renderContainers('AUTH_x', containers, format, heard)],
      ]),
    ),
    ...(database.dialect === 'sqlite' &&
      Object.fromEntries(
        (['text', 'json'] as const).flatMap((format) => [
          [`objects in SQLite as ${format}`, (heard: () => void) => renderInSqlite(database.read, id, everything, format, heard)],
          [
            `folders in SQLite as ${format}`,
            (heard: () => void) => renderInSqlite(database.read, id, { ...everything, delimiter: '/' }, format, heard),
          ],
        ]),
      )),
  }
  for (const [what, make] of Object.entries(makers)) {
    let asked = 0
    const left = new Error('the client has gone')
    const heard = () => {
      if (++asked === 3) throw left
    }
    await assert.rejects(make(heard), left, what)
    assert.equal(asked, 3, what)
  }
})
