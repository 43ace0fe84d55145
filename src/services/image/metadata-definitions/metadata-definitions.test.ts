import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const root = '/image/v2/metadefs/namespaces'
const whole = {
  namespace: 'OS::Test::Disks',
  display_name: 'Disks',
  description: 'Kinds of disks',
  visibility: 'public',
  properties: { bus: { title: 'Bus', type: 'string', enum: ['virtio', 'scsi'] } },
  objects: [{ name: 'CPU Limits', required: ['shares'], properties: { shares: { title: 'Shares', type: 'integer', minimum: 2 } } }],
  tags: [{ name: 'fast' }, { name: 'cheap' }],
  resource_type_associations: [{ name: 'OS::Test::Thing', prefix: 'hw_', properties_target: 'image' }, { name: 'OS::Glance::Image' }],
}

test('a namespace is created with all that is in it, shown with prefixes, and deleted with all of it', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const made = await admin.post(root, whole, 201)
  assert.equal(made.body.self, '/v2/metadefs/namespaces/OS::Test::Disks')
  assert.match(made.headers.get('location')!, /\/v2\/metadefs\/namespaces\/OS%3A%3ATest%3A%3ADisks$/)
  assert.equal(made.body.owner, await admin.projectId())
  assert.deepEqual(made.body.tags, whole.tags)
  await admin.post(root, whole, 409)

  const member = await cloud.as('member')
  const shown = (await member.get(`${root}/OS::Test::Disks`)).body
  assert.deepEqual(shown.properties, whole.properties)
  assert.equal(shown.objects[0].self, '/v2/metadefs/namespaces/OS::Test::Disks/objects/CPU Limits')
  assert.deepEqual(shown.tags, [{ name: 'cheap' }, { name: 'fast' }])
  assert.equal(shown.resource_type_associations[1].prefix, 'hw_')
  const prefixed = (await member.get(`${root}/OS::Test::Disks?resource_type=OS::Test::Thing`)).body
  assert.deepEqual(Object.keys(prefixed.properties), ['hw_bus'])
  assert.deepEqual(prefixed.objects[0].required, ['hw_shares'])
  assert.deepEqual(Object.keys(prefixed.objects[0].properties), ['hw_shares'])
  const types = (await member.get('/image/v2/metadefs/resource_types')).body.resource_types.map((type: { name: string }) => type.name)
  assert.ok(types.includes('OS::Test::Thing') && types.includes('OS::Nova::Flavor'))

  await admin.delete(`${root}/OS::Test::Disks`)
  await admin.get(`${root}/OS::Test::Disks`, 404)
  const left = await cloud.cloud.database.read.selectFrom('metadata_tags').select('name').where('name', '=', 'cheap').execute()
  assert.deepEqual(left, [])
})

test('private namespaces are hidden from other projects, and only administrators write', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const owner = await cloud.as('member')
  const stranger = await cloud.as('member', 'project-2')
  const body = { ...whole, namespace: 'hidden', visibility: 'private', owner: await owner.projectId() }
  await admin.post(root, body, 201)
  for (const path of [
    '',
    '/objects',
    '/properties',
    '/tags',
    '/resource_types',
    '/objects/CPU%20Limits',
    '/properties/bus',
    '/tags/fast',
  ]) {
    await owner.get(`${root}/hidden${path}`)
    await stranger.get(`${root}/hidden${path}`, 404)
  }
  await owner.post(root, { namespace: 'mine' }, 403)
  await owner.put(`${root}/hidden`, { namespace: 'hidden' }, 403)
  await owner.delete(`${root}/hidden`, 403)
  await owner.post(`${root}/hidden/tags/new`, undefined, 403)
  await owner.post(`${root}/hidden/objects`, { name: 'o' }, 403)
  await owner.delete(`${root}/hidden/properties/bus`, 403)
  await stranger.delete(`${root}/hidden`, 404)
  const names = (await stranger.get(root)).body.namespaces.map((row: { namespace: string }) => row.namespace)
  assert.ok(!names.includes('hidden'))
})

test('nothing is taken out of a protected namespace', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  await admin.post(root, { ...whole, protected: true }, 201)
  const at = `${root}/OS::Test::Disks`
  const inside = [
    '/objects/CPU%20Limits',
    '/properties/bus',
    '/tags/fast',
    '/tags',
    '/objects',
    '/properties',
    '/resource_types/OS::Test::Thing',
  ]
  for (const path of ['', ...inside]) await admin.delete(at + path, 403)
  const updated = (await admin.put(at, { namespace: 'renamed', visibility: 'public' }, 200)).body
  assert.equal(updated.protected, false)
  assert.equal(updated.description, undefined)
  assert.equal(updated.self, '/v2/metadefs/namespaces/renamed')
  for (const path of inside) await admin.delete(`${root}/renamed${path}`)
  await admin.delete(`${root}/renamed/resource_types/OS::Test::Thing`, 404)
  await admin.delete(`${root}/renamed`)
})

test('objects, properties, tags and associations are created, listed, changed and removed', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  await admin.post(root, { namespace: 'n' }, 201)
  const at = `${root}/n`
  const object = { name: 'o', description: 'd', properties: { p: { title: 'P', type: 'boolean' } } }
  assert.deepEqual((await admin.post(`${at}/objects`, object, 201)).body.properties, object.properties)
  await admin.post(`${at}/objects`, object, 409)
  await admin.post(`${at}/objects`, { name: 'o2' }, 201)
  await admin.put(`${at}/objects/o2`, object, 409)
  assert.equal((await admin.put(`${at}/objects/o2`, { name: 'o3' }, 200)).body.name, 'o3')
  await admin.get(`${at}/objects/o2`, 404)
  const names: string[] = []
  let next: string | undefined = `/v2/metadefs/namespaces/n/objects?limit=1&sort_key=name&sort_dir=asc`
  while (next) {
    const page: { objects: { name: string }[]; next?: string } = (await admin.get(`/image${next}`)).body
    names.push(...page.objects.map(({ name }) => name))
    next = page.next
  }
  assert.deepEqual(names, ['o', 'o3'])

  await admin.post(`${at}/resource_types`, { name: 'OS::Nova::Flavor', prefix: 'hw:' }, 201)
  await admin.post(`${at}/resource_types`, { name: 'OS::Nova::Flavor' }, 409)
  const property = { name: 'p', title: 'P', type: 'integer', minimum: 1 }
  assert.deepEqual((await admin.post(`${at}/properties`, property, 201)).body, property)
  await admin.post(`${at}/properties`, property, 409)
  assert.equal((await admin.get(`${at}/properties/hw:p?resource_type=OS::Nova::Flavor`)).body.name, 'hw:p')
  await admin.get(`${at}/properties/p?resource_type=OS::Nova::Flavor`, 404)
  assert.equal((await admin.put(`${at}/properties/p`, { ...property, name: 'q' }, 200)).body.name, 'q')
  assert.deepEqual(Object.keys((await admin.get(`${at}/properties`)).body.properties), ['q'])

  const tags = (list: string[]) => ({ tags: list.map((name) => ({ name })) })
  await admin.post(`${at}/tags`, tags(['a', 'b']), 201)
  await admin.post(`${at}/tags`, tags(['a', 'a']), 400)
  await admin.request('POST', `${at}/tags`, { body: tags(['c']), headers: { 'x-openstack-append': 'True' }, expected: 201 })
  assert.equal((await admin.get(`${at}/tags`)).body.tags.length, 3)
  await admin.post(`${at}/tags`, tags(['d']), 201)
  assert.deepEqual((await admin.get(`${at}/tags`)).body.tags, [{ name: 'd' }])
  await admin.post(`${at}/tags/e`, undefined, 201)
  await admin.post(`${at}/tags/e`, undefined, 409)
  await admin.put(`${at}/tags/e`, { name: 'd' }, 409)
  assert.equal((await admin.put(`${at}/tags/e`, { name: 'f' }, 200)).body.name, 'f')
  await admin.delete(`${at}/tags/e`, 404)
})

test('what cannot be is refused', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  await admin.post(root, { namespace: 'n' }, 201)
  const bad = [
    {},
    { namespace: '' },
    { namespace: 'x'.repeat(81) },
    { namespace: 'a\nb' },
    { namespace: 7 },
    { namespace: 'm', visibility: 'shared' },
    { namespace: 'm', protected: 'yes' },
    { namespace: 'm', other: 1 },
    { namespace: 'm', created_at: '2020-01-01T00:00:00Z' },
    { namespace: 'm', properties: { p: { type: 'string' } } },
    { namespace: 'm', tags: [{ name: 'a' }, { name: 'a' }] },
  ]
  for (const body of bad) await admin.post(root, body, 400)
  await admin.post(`${root}/n/properties`, { name: 'p', title: 'P', type: 'text' }, 400)
  await admin.post(`${root}/n/properties`, { name: 'p', title: 'P', type: 'string', pattern: '(' }, 400)
  await admin.post(`${root}/n/properties`, { name: 'p'.repeat(256), title: 'P', type: 'string' }, 400)
  await admin.post(`${root}/n/objects`, { name: 'o', required: 'p' }, 400)
  await admin.post(`${root}/n/tags/${'t'.repeat(81)}`, undefined, 400)
  await admin.get(`${root}?visibility=shared`, 400)
  await admin.get(`${root}?sort_key=id`, 400)
  await admin.get(`${root}?marker=nowhere`, 400)
})

test('a fresh cloud has public namespaces, and those that were deleted do not come back', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const list = async (query: string) =>
    (await member.get(`${root}?${query}`)).body.namespaces.map((row: { namespace: string }) => row.namespace).sort()
  assert.ok((await list('visibility=public')).includes('OS::Compute::Capabilities'))
  assert.deepEqual(await list('visibility=private'), [])
  assert.deepEqual(await list('resource_types=OS::Nova::Aggregate,OS::Nothing'), [
    'OS::Compute::AggregateLimits',
    'OS::Compute::Capabilities',
  ])
  const at = `${root}/OS::Compute::Capabilities`
  await cloud.admin.delete(at, 403)
  await cloud.admin.put(at, { namespace: 'OS::Compute::Capabilities', protected: false }, 200)
  await cloud.admin.delete(at)
  await cloud.restart()
  assert.ok(!(await list('')).includes('OS::Compute::Capabilities'))
})

test('of parallel creations of one namespace exactly one wins', async () => {
  await using cloud = await testCloud()
  const answers = await Promise.all(Array.from({ length: 40 }, () => cloud.admin.post(root, { namespace: 'race' })))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [201, 409])
  assert.equal(answers.filter(({ status }) => status === 201).length, 1)
})
