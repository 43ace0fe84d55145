import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Persona } from '../../../testing/persona.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { propertyRows } from './store.ts'

const octets = { 'content-type': 'application/octet-stream' }
// biome-ignore lint/suspicious/noExplicitAny: answers of the API
const namesOf = (answer: { body: any }) => answer.body.images.map((image: { name: string }) => image.name)

test('a walk over pages shows every image once, in any order, also where the sorted field is null', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  for (let i = 0; i < 13; i++) {
    const name = i % 3 === 0 ? null : `name-${i % 4}`
    const { body } = await member.post('/image/v2/images', { name, disk_format: 'raw', container_format: 'bare' }, 201)
    if (i % 2) await member.request('PUT', `/image/v2/images/${body.id}/file`, { raw: Buffer.alloc(i), headers: octets, expected: 204 })
  }
  const all = (await member.get('/image/v2/images')).body.images.map((image: { id: string }) => image.id)
  assert.equal(all.length, 13)
  for (const order of [
    '',
    'sort=name:asc',
    'sort=name:desc,size:asc',
    'sort_key=size&sort_dir=asc',
    'sort_key=size&sort_key=name&sort_dir=desc&sort_dir=asc',
    'sort=id',
  ]) {
    const whole = (await member.get(`/image/v2/images?${order}`)).body.images.map((image: { id: string }) => image.id)
    const seen: string[] = []
    let next: string | undefined = `/v2/images?limit=4&${order}`
    while (next) {
      const { body } = await member.get(`/image${next}`)
      assert.equal(body.schema, '/v2/schemas/images')
      assert.ok(!body.first.includes('marker'))
      seen.push(...body.images.map((image: { id: string }) => image.id))
      next = body.next
    }
    assert.deepEqual(seen, whole, order)
    assert.deepEqual([...seen].sort(), [...all].sort(), order)
  }
})

test('nulls come first in ascending order and last in descending', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  for (const name of ['b', null, 'a']) await member.post('/image/v2/images', { name }, 201)
  assert.deepEqual(namesOf(await member.get('/image/v2/images?sort=name:asc')), [null, 'a', 'b'])
  assert.deepEqual(namesOf(await member.get('/image/v2/images?sort=name:desc')), ['b', 'a', null])
})

test('each filter keeps exactly what meets it', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const bodies = [
    { name: 'one', disk_format: 'raw', container_format: 'bare', tags: ['x', 'y'], os_distro: 'debian', min_ram: 5 },
    { name: 'two', disk_format: 'qcow2', container_format: 'bare', tags: ['x'], protected: true, visibility: 'private' },
    { name: 'a,b', disk_format: 'iso', container_format: 'ovf', os_distro: 'alpine', visibility: 'community' },
    { name: 'hidden', os_hidden: true },
  ]
  const ids: string[] = []
  for (const body of bodies) ids.push((await member.post('/image/v2/images', body, 201)).body.id)
  await member.request('PUT', `/image/v2/images/${ids[0]}/file`, { raw: Buffer.alloc(1000), headers: octets, expected: 204 })
  const owner = await member.projectId()
  const { created_at } = (await member.get(`/image/v2/images/${ids[0]}`)).body
  const cases: [string, string[]][] = [
    ['', ['one', 'two', 'a,b']],
    ['name=one', ['one']],
    ['name=in:one,two', ['one', 'two']],
    ['name=in:%22a,b%22,one', ['one', 'a,b']],
    ['status=active', ['one']],
    ['status=in:active,queued', ['one', 'two', 'a,b']],
    ['disk_format=qcow2', ['two']],
    ['container_format=ovf', ['a,b']],
    ['visibility=private', ['two']],
    ['visibility=community', ['a,b']],
    ['protected=true', ['two']],
    ['protected=False', ['one', 'a,b']],
    ['tag=x', ['one', 'two']],
    ['tag=x&tag=y', ['one']],
    ['os_distro=debian', ['one']],
    ['os_distro=debian&name=two', []],
    ['size_min=1000', ['one']],
    ['size_max=999', []],
    ['size=1000', ['one']],
    ['min_ram=5', ['one']],
    ['os_hidden=true', ['hidden']],
    [`owner=${owner}`, ['one', 'two', 'a,b']],
    ['owner=nobody', []],
    [`id=${ids[1]}`, ['two']],
    [`created_at=gte:${created_at}`, ['one', 'two', 'a,b']],
    [`created_at=lt:${created_at}`, []],
    ['updated_at=gt:2099-01-01T00:00:00Z', []],
    ['created_at=neq:2001-01-01T00:00:00Z', ['one', 'two', 'a,b']],
  ]
  for (const [query, expected] of cases) {
    assert.deepEqual(namesOf(await member.get(`/image/v2/images?${query}`)).sort(), [...expected].sort(), query)
  }
})

test('properties with long values are kept, and found by all of their value and by nothing less', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  // What cannot be compressed, and characters of two UTF-16 units about the place where the index ends.
  const noise = randomBytes(4000).toString('hex')
  const values = [noise, `${noise}x`, `${'a'.repeat(254)}😀😀`, `${'a'.repeat(254)}😀`, 'a'.repeat(255), 'a'.repeat(254)]
  for (const [index, value] of values.entries()) await member.post('/image/v2/images', { name: String(index), note: value, kind: 'k' }, 201)
  for (const [index, value] of values.entries()) {
    const query = new URLSearchParams({ note: value, kind: 'k' })
    assert.deepEqual(namesOf(await member.get(`/image/v2/images?${query}`)), [String(index)])
  }
  assert.deepEqual(namesOf(await member.get(`/image/v2/images?${new URLSearchParams({ note: noise.slice(0, 255) })}`)), [])
})

test('among many open images, labels that nearly all have and labels that few have give the same as looking at each', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const [own, foreign] = [await member.projectId(), await (await cloud.as('member', 'project-2')).projectId()]
  const now = '2026-01-01T00:00:00.000Z'
  const all = Array.from({ length: 1300 }, (_, i) => ({
    name: `i${i}`,
    mine: i % 50 === 0,
    visibility: (['public', 'public', 'community', 'public', 'public', 'public', 'private'] as const)[i % 7]!,
    tags: ['common', ...(i % 60 === 0 ? ['rare'] : [])],
    properties: { kind: i % 40 ? 'usual' : 'odd', parity: String(i % 2) },
  }))
  await cloud.cloud.database.write(async ({ db }) => {
    for (let at = 0; at < all.length; at += 100) {
      const part = all.slice(at, at + 100)
      const values = part.map(({ name, mine, visibility }) => ({
        ...{ id: name, name, visibility, owner_id: mine ? own : foreign, status: 'queued' as const, created_at: now, updated_at: now },
        ...{ container_format: null, disk_format: null, size: null, virtual_size: null, checksum: null },
        ...{ os_hash_algo: null, os_hash_value: null, content_fault: null, upload_id: null },
      }))
      await db.insertInto('images').values(values).execute()
      const tags = part.flatMap(({ name, tags }) => tags.map((tag) => ({ image_id: name, tag })))
      await db.insertInto('image_tags').values(tags).execute()
      const rows = part.flatMap(({ name, properties }) => propertyRows(name, properties))
      await db.insertInto('image_properties').values(rows).execute()
    }
  })
  type One = (typeof all)[number]
  const shown = ({ mine, visibility }: One) => mine || visibility === 'public'
  const cases: [string, (one: One) => boolean][] = [
    ['tag=common', () => true],
    ['tag=rare', ({ tags }) => tags.includes('rare')],
    ['kind=usual', ({ properties }) => properties.kind === 'usual'],
    ['kind=odd&tag=common', ({ properties }) => properties.kind === 'odd'],
    ['kind=odd&tag=rare', ({ properties, tags }) => properties.kind === 'odd' && tags.includes('rare')],
    ['parity=1&kind=usual', ({ properties }) => properties.parity === '1'],
    ['parity=1&name=in:i1,i2,i3,i8', ({ name }) => ['i1', 'i3'].includes(name)],
    ['parity=1&tag=rare', () => false],
    ['kind=none', () => false],
  ]
  for (const [query, meets] of cases) {
    const expected = (sees: (one: One) => boolean) =>
      all
        .filter((one) => sees(one) && meets(one))
        .map(({ name }) => name)
        .sort()
    const named = async (persona: Persona, more: string) =>
      namesOf(await persona.get(`/image/v2/images?limit=1000&sort=name:asc&${query}${more}`))
    assert.deepEqual(await named(member, ''), expected(shown).slice(0, 1000), query)
    assert.deepEqual(await named(member, '&visibility=all'), expected((one) => shown(one) || one.visibility === 'community').slice(0, 1000))
    assert.deepEqual(await named(cloud.admin, ''), expected(() => true).slice(0, 1000), query)
  }
})

test('what a list request gets wrong is answered with 400', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const wrong = [
    'limit=-1',
    'limit=x',
    'marker=nothing',
    'marker=',
    'sort=colour',
    'sort=name:up',
    'sort_key=name&sort_dir=up',
    'sort=name&sort_key=id',
    'visibility=secret',
    'member_status=maybe',
    'size_min=-1',
    'size_max=big',
    'protected=perhaps',
    'os_hidden=2',
    'created_at=yesterday',
    'created_at=near:2020-01-01T00:00:00Z',
    'name=in:%22open',
    'sort_key=name&sort_key=id&sort_dir=asc&sort_dir=asc&sort_dir=asc',
    'name=%00',
  ]
  for (const query of wrong) await member.get(`/image/v2/images?${query}`, 400)
  assert.deepEqual(namesOf(await member.get('/image/v2/images?limit=0')), [])
  const many = Array.from({ length: 80 }, (_, i) => `p${i}=v`).join('&')
  await member.get(`/image/v2/images?${many}`, 400)
})
