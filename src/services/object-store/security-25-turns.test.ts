import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { withContainer } from '../../testing/object-store/store.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { longestTurn, onThisMachine } from '../../testing/turns.ts'

const count = 12_000
/** Long names with what XML and JSON have to escape. */
const nameOf = (index: number) => `${String(index % 11_000).padStart(6, '0')}&<"ü>/${'<&"x'.repeat(50)}${index}`

test('no request holds the process for long: listings, pages, manifests, bodies', async () => {
  // To check an answer it is made whole first.
  await using cloud = await testCloud({ settings: { checkAnswers: false } })
  const { member, account, at, call } = await withContainer(cloud, 'things', {
    'x-container-read': '.r:*,.rlistings',
    'x-container-meta-web-listings': 'true',
  })
  const { database } = cloud.cloud
  const { id } = await database.read.selectFrom('object_store_containers').select('id').executeTakeFirstOrThrow()
  const bytes = { place: 'none' as const, data_id: null, stored: 0, size: 1, etag: 'd41d8cd98f00b204e9800998ecf8427e' }
  const about = { version_id: '', content_type: 'text/plain', kind: '' as const, metadata: {}, delete_at: null, made_at: 1, changed_at: 1 }
  for (let from = 0; from < count; from += 500)
    await database.write(async ({ db }) => {
      const rows = Array.from({ length: 500 }, (_, i) => ({ container_id: id, name: nameOf(from + i), ...bytes, ...about }))
      await db.insertInto('object_store_objects').values(rows).execute()
      const made = { account: account.split('/').at(-1)!, metadata: {}, made_at: 1, changed_at: 1 }
      await db
        .insertInto('object_store_containers')
        .values(rows.map((_, i) => ({ ...made, name: `${from + i}${'<&x'.repeat(50)}` })))
        .execute()
    })
  const token = await member.token()
  const ask = (method: string, path: string, headers: Record<string, string> = {}, piece = Buffer.alloc(0), times = 0) =>
    new Promise<number>((resolve, reject) => {
      const all = { 'x-auth-token': token, ...headers, ...(times && { 'content-length': piece.length * times }) }
      const sent = request(cloud.url + path, { method, headers: all }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode!))
      })
      sent.once('error', reject)
      const more = (left: number): unknown => (left ? sent.write(piece, () => more(left - 1)) : sent.end())
      more(times)
    })
  await call('PUT', 'o', 201, { raw: 'x' })
  const path = 'things/o'
  const inline = Buffer.from('x'.repeat(1500)).toString('base64')
  const big = JSON.stringify(Array.from({ length: 1000 }, (_, i) => (i % 2 ? { path } : { data: inline })))
  await call('PUT', 'slo?multipart-manifest=put', 201, { raw: big })
  await call('PUT', 'dlo', 201, { headers: { 'x-object-manifest': 'things/0' } })
  const manifest = at('slo2?multipart-manifest=put')
  const part = (text: string) => Buffer.from(text.repeat(65_536 / text.length))
  const kinds: [string, () => Promise<number>][] = [
    ...['text', 'json', 'xml'].flatMap((format) => [
      [`container as ${format}`, () => ask('GET', `${at('')}?format=${format}`)] as [string, () => Promise<number>],
      [`container as ${format}, backwards`, () => ask('GET', `${at('')}?format=${format}&reverse=on`)] as [string, () => Promise<number>],
      [`folders as ${format}`, () => ask('GET', `${at('')}?format=${format}&delimiter=/`)] as [string, () => Promise<number>],
      [`versions as ${format}`, () => ask('GET', `${at('')}?format=${format}&versions`)] as [string, () => Promise<number>],
      [`account as ${format}`, () => ask('GET', `${account}?format=${format}`)] as [string, () => Promise<number>],
    ]),
    ['page of a site', () => ask('GET', `${at('')}/`, { 'x-web-mode': 'true' })],
    ['manifest shown', () => ask('GET', at('slo?multipart-manifest=get'))],
    ['manifest read', () => ask('GET', at('slo'), { range: 'bytes=0-9' })],
    ['dynamic manifest', () => ask('HEAD', at('dlo'))],
    ['manifest', () => ask('PUT', manifest, {}, Buffer.from(big), 1)],
    ['manifest of millions', () => ask('PUT', manifest, {}, Buffer.concat([Buffer.from('['), part('[],[],{},{},1,2,')]), 120)],
    ['manifest of numbers', () => ask('PUT', manifest, {}, Buffer.concat([Buffer.from('['), part('1,')]), 100)],
    ['manifest without an end', () => ask('PUT', manifest, {}, part('[['), 127)],
  ]
  const held: string[] = []
  for (const [kind, work] of kinds) {
    await work()
    // What the collector does in one of them is no matter.
    let longest = await longestTurn(work)
    for (let again = 0; longest >= onThisMachine(50) && again < 3; again++) longest = Math.min(longest, await longestTurn(work))
    if (longest >= onThisMachine(50)) held.push(`${kind}: ${Math.round(longest)} ms`)
  }
  assert.deepEqual(held, [])
})
