import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountOf, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { compareNames, type ListingQuery, successor } from './query.ts'
import { type Range, walk } from './walk.ts'

const names = ['a', 'a/', 'a/b', 'a/b/c', 'a/b/d', 'a/e', 'b', 'b/x', 'é/1', 'é/2', '\ud83d\ude00', '\uffee', 'z'].sort(compareNames)

test('names compare as their UTF-8 does', () => {
  const letters = ['a', 'b', '/', '\u007f', 'é', '\ud7ff', '\ue000', '\uffee', '\uffff', '\ud83d\ude00', '\u{10000}', '\u{10ffff}']
  const all = letters.flatMap((first) => ['', ...letters].map((second) => first + second))
  for (const a of all)
    for (const b of all) assert.equal(Math.sign(compareNames(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)), JSON.stringify([a, b]))
})

test('listings in all forms, with every parameter', async () => {
  await using cloud = await testCloud()
  const { call, at, member } = await withContainer(cloud)
  for (const name of names)
    await call('PUT', name.split('/').map(encodeURIComponent).join('/'), 201, {
      raw: name,
      headers: { 'content-type': 'text/x; a="ü"'.replace('ü', 'u') },
    })
  const list = async (query: string) => (await member.request('GET', `${at('')}?${query}`)).text.split('\n').filter(Boolean)
  assert.deepEqual(await list(''), names)
  assert.deepEqual(await list('reverse=true'), [...names].reverse())
  assert.deepEqual(await list('limit=3'), names.slice(0, 3))
  assert.deepEqual(await list('marker=a/b'), names.slice(3))
  assert.deepEqual(await list('end_marker=a/b'), names.slice(0, 2))
  assert.deepEqual(await list('marker=a/&end_marker=b'), ['a/b', 'a/b/c', 'a/b/d', 'a/e'])
  assert.deepEqual(await list('reverse=on&marker=b&end_marker=a/b'), ['a/e', 'a/b/d', 'a/b/c'])
  assert.deepEqual(await list('prefix=a/b'), ['a/b', 'a/b/c', 'a/b/d'])
  assert.deepEqual(await list('delimiter=/'), ['a', 'a/', 'b', 'b/', 'z', 'é/', '\uffee', '\ud83d\ude00'])
  assert.deepEqual(await list('delimiter=/&prefix=a/'), ['a/', 'a/b', 'a/b/', 'a/e'])
  assert.deepEqual(await list('delimiter=/&reverse=1'), ['\ud83d\ude00', '\uffee', 'é/', 'z', 'b/', 'b', 'a/', 'a'])
  assert.deepEqual(await list('delimiter=/&marker=a/&limit=2'), ['b', 'b/'])
  assert.deepEqual(await list('path=a'), ['a/b', 'a/e'])
  const json = (await member.get(`${at('')}?format=json&prefix=b&delimiter=/`)).body
  assert.deepEqual(
    json.map((e: { name?: string; subdir?: string }) => e.name ?? e.subdir),
    ['b', 'b/'],
  )
  assert.match(json[0].last_modified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
  assert.deepEqual([json[0].bytes, json[0].hash, json[0].content_type], [1, '92eb5ffee6ae2fec3ad71c777531578f', 'text/x; a="u"'])
  const xml = (await member.get(`${at('')}?format=xml&prefix=b&delimiter=/`)).text
  assert.match(
    xml,
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<container name="things"><object><name>b<\/name>.*<subdir name="b\/"><name>b\/<\/name><\/subdir><\/container>$/,
  )
  await member.get(`${at('')}?limit=10001`, 412)
  for (const query of ['limit=x', 'limit=-1', 'limit=2.0']) assert.deepEqual(await list(query), names)
  // A NUL stands behind the name before it, and before all that begin with that name.
  assert.deepEqual(await list('marker=a/b%00&end_marker=a/e%00'), ['a/b/c', 'a/b/d', 'a/e'])
  assert.deepEqual(await list('reverse=on&marker=a/e%00&end_marker=a/b%00'), ['a/e', 'a/b/d', 'a/b/c'])
  await member.request('GET', at(''), { headers: { accept: 'image/png' }, expected: 406 })
  const account = await accountOf(member)
  assert.deepEqual(
    (await member.get(`${account}?format=json`)).body.map((c: { name: string; count: number }) => [c.name, c.count]),
    [['things', names.length]],
  )
  // The page that was remembered is not shown after a change.
  await call('DELETE', 'z', 204)
  assert.equal((await list('')).includes('z'), false)
})

test('a walk page by page gives each name and folder once, in both directions', async () => {
  const fetch = async ({ from, after, to, limit, reverse }: Range) => {
    const rows = names.filter(
      (n) => (from === null || compareNames(n, from) > (after ? 0 : -1)) && (to === null || compareNames(n, to) < 0),
    )
    return (reverse ? rows.reverse() : rows).slice(0, limit).map((name) => ({ name }))
  }
  for (const delimiter of ['', '/', 'b']) {
    for (const reverse of [false, true]) {
      for (const prefix of ['', 'a', 'a/', 'é/']) {
        const query: ListingQuery = { limit: 1000, marker: '', endMarker: '', prefix, delimiter, path: null, reverse }
        const text = (entry: { name: string } | { subdir: string }) => ('subdir' in entry ? entry.subdir : entry.name)
        const expected = new Set<string>()
        for (const name of names.filter((n) => n.startsWith(prefix))) {
          const at = delimiter ? name.indexOf(delimiter, prefix.length) : -1
          expected.add(at < 0 ? name : `${name.slice(0, at + 1)}`)
        }
        const whole = (await walk(query, fetch)).map(text)
        assert.deepEqual([...new Set(whole)].sort(compareNames), [...expected].sort(compareNames))
        const paged: string[] = []
        for (let marker = ''; ; marker = paged.at(-1)!) {
          const page = (await walk({ ...query, limit: 2, marker }, fetch)).map(text)
          paged.push(...page)
          if (page.length < 2) break
        }
        if (!reverse && delimiter !== 'b') assert.deepEqual([...new Set(paged)], [...new Set(whole)], JSON.stringify(query))
      }
    }
  }
  assert.deepEqual([successor('a'), successor('a\u{10ffff}'), successor('\u{10ffff}'), successor('\ud7ff')], ['b', 'b', null, '\ue000'])
})

test('a large page is the same when it is made, made again and remembered, and never older than the container', async () => {
  await using cloud = await testCloud()
  const { member, call, at } = await withContainer(cloud)
  const { database } = cloud.cloud
  const { id } = await database.read
    .selectFrom('object_store_containers')
    .select('id')
    .where('name', '=', 'things')
    .executeTakeFirstOrThrow()
  const row = { container_id: id, version_id: '', place: 'none' as const, data_id: null, size: 0, stored: 0, kind: '' as const }
  const about = { etag: 'd41d8cd98f00b204e9800998ecf8427e', content_type: 'a/b', metadata: {}, delete_at: null, made_at: 1, changed_at: 1 }
  const names = Array.from({ length: 1000 }, (_, index) => `${'long/'.repeat(10)}${String(index).padStart(4, '0')}`)
  await database.write(async ({ db }) => {
    for (let i = 0; i < names.length; i += 100)
      await db
        .insertInto('object_store_objects')
        .values(names.slice(i, i + 100).map((name) => ({ ...row, ...about, name })))
        .execute()
  })
  const listed = async () => {
    const answer = await member.request('GET', `${at('')}?format=json`, { expected: 200 })
    assert.equal(answer.headers.get('content-length'), String(Buffer.byteLength(answer.text)))
    return (answer.body as { name: string }[]).map(({ name }) => name)
  }
  assert.ok((await member.request('GET', `${at('')}?format=json`)).text.length > 64 * 1024)
  for (let round = 0; round < 3; round++) {
    for (let again = 0; again < 3; again++) assert.deepEqual(await listed(), names)
    const both = await Promise.all([listed(), listed(), listed()])
    assert.deepEqual(both, [names, names, names])
    await call('PUT', `z${round}`, 201, { raw: 'x' })
    names.push(`z${round}`)
  }
  assert.equal((await call('GET', '', 200)).text, `${names.join('\n')}\n`)
})
