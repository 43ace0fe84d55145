import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'
import { accountOf, withContainer } from '../testing.ts'
import { compareNames, type ListingQuery, successor } from './query.ts'
import { type Range, walk } from './walk.ts'

const names = ['a', 'a/', 'a/b', 'a/b/c', 'a/b/d', 'a/e', 'b', 'b/x', 'é/1', 'é/2', '\ud83d\ude00', '\uffee', 'z'].sort(compareNames)

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
  for (const query of ['limit=10001', 'limit=x', 'limit=-1']) await member.get(`${at('')}?${query}`, 412)
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
