// The examples of reference chapters 11 and 12: what is printed is sent, and the answers are compared with the printed ones.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Comparison, type Deviations, referenceOperations, withoutReference } from '../../testing/examples.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const octets = { 'content-type': 'application/octet-stream' }
const nullable = 'null is possible, and clients of today are told so'
const broken = 'the printed schema has lost its nesting at this place'
const today = 'what the service of today answers, and its clients and Tempest expect'
const given = 'names of the definitions of another cloud'
const names = { 'properties.hw_*': given, 'properties.os_command_line': given }
const schemas = 'image-v2.metadata-definition-schemas.get-metadata-definition'
const deviations: Deviations = {
  'image-v2.images.deactivate-image': { '': 'there is no body with 204' },
  'image-v2.images.reactivate-image': { '': 'there is no body with 204' },
  'image-v2.image-schemas.get-images-schema': {
    'properties.images.items.properties.kernel_id.type': nullable,
    'properties.images.name': broken,
    'properties.images.os_*': broken,
    'properties.images.owner': broken,
    'properties.type': broken,
    next: broken,
    schema: broken,
  },
  'image-v2.image-schemas.get-image-schema': {
    'properties.kernel_id.type': nullable,
    'properties.ramdisk_id.type': nullable,
  },
  'image-v2.image-schemas.get-image-members-schema': { 'properties.members.items.schema': broken },
  [`${schemas}-namespaces-schema`]: {
    property: broken,
    'properties.namespaces.items.properties.*': broken,
    'properties.namespaces.items.display_name': broken,
    'properties.namespace': broken,
    'properties.objects': broken,
    'properties.owner': broken,
    'properties.properties': broken,
    'properties.protected': broken,
    'properties.resource_type_associations': broken,
  },
  [`${schemas}-objects-schema`]: { property: broken },
  [`${schemas}-property-schema`]: { 'definitions.stringArray.minItems': 'nothing may be required' },
  [`${schemas}-properties-schema`]: {
    'definitions.stringArray.minItems': 'nothing may be required',
    'properties.properties.additionalProperties.*': broken,
    'properties.properties.required': broken,
  },
  [`${schemas}-tags-schema`]: {
    'properties.tags.items.name': broken,
    'properties.tags.items.properties.*': broken,
    'properties.tags.items.updated_at': broken,
  },
  'image-v2.metadata-definition-resource-types.list-resource-type-associations': {
    'resource_type_associations[].prefix': 'an association without a prefix has none',
  },
  'image-v2.metadata-definition-properties.list-properties': names,
  'image-v2.metadata-definition-namespaces.get-namespaces-details': names,
  'image-v2.metadata-definition-tags.add-tag-definition': { status: today },
  'image-v1.images.create-image': { status: today },
  'image-v1.images.delete-image': { status: today },
  'image-v1.images.list-images': { 'images[].size': 'a number, as in the details and in version 2' },
  'image-v1.images.list-image-details': {
    'images[].size': 'a number',
    'images[].properties.distro': 'images have the properties that they were given',
  },
}

test('the examples of versions 2 and 1 are answered as they are printed', { skip: withoutReference }, async () => {
  const source = http.createServer((_, response) => response.end('data')).listen(0, '127.0.0.1')
  await once(source, 'listening')
  await using cloud = await testCloud({ settings: { importPorts: 'any', importPrivate: true } })
  try {
    const { admin } = cloud
    const operations = referenceOperations('image-v2', 'image-v1')
    const comparison = new Comparison(deviations)
    const projectId = await admin.projectId()
    const other = await (await cloud.as('member', 'other')).projectId()

    interface Sending {
      params?: Record<string, string>
      /** Which printed request; another body may take its place. */
      request?: number
      body?: unknown
      raw?: string
      headers?: Record<string, string>
      /** Fields of the printed body that must name things of this cloud. */
      fields?: Record<string, unknown>
      example?: unknown
      as?: typeof admin
    }
    /** Sends the example of the operation `version.group.name`; gives the answer. */
    async function send(name: string, sending: Sending = {}) {
      const operation = operations.find(({ id }) => id === `image-${name}`)
      assert.ok(operation, name)
      const path = operation.path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(sending.params?.[key] ?? `no-${key}`))
      const printed = operation.requests.filter(({ format }) => format === 'json')[sending.request ?? 0]?.value
      const isObject = printed && typeof printed === 'object' && !Array.isArray(printed)
      const body = sending.body ?? (isObject ? { ...printed, ...sending.fields } : printed)
      const answer = await (sending.as ?? admin).request(operation.method, `/image${path}`, {
        ...(sending.raw === undefined ? { body } : { raw: sending.raw }),
        headers: sending.headers,
      })
      comparison.add(operation, answer, sending.example)
      return answer
    }
    const ofImage = (id: string) => ({ params: { image_id: id } })

    await send('v2.api-versions.list-api-versions')
    const created = await send('v2.images.create-image')
    const id = created.body.id as string
    await send('v2.image-data.upload-binary-image-data', { ...ofImage(id), raw: '\0data', headers: octets })
    await send('v2.image-data.download-binary-image-data', ofImage(id))
    await send('v2.image-tags.add-image-tag', { params: { image_id: id, tag: 'a' } })
    await send('v2.image-tags.delete-image-tag', { params: { image_id: id, tag: 'a' } })
    await send('v2.images.list-images')
    await send('v2.images.show-image-details', ofImage(id))
    const patch = { 'content-type': 'application/openstack-images-v2.1-json-patch' }
    // The first printed request shows what an operation of a patch may look like, at /a/b/c.
    await send('v2.images.update-image', { ...ofImage(id), request: 1, headers: patch })
    await send('v2.images.deactivate-image', ofImage(id))
    await send('v2.images.reactivate-image', ofImage(id))

    const { id: shared } = (await admin.post('/image/v2/images', { visibility: 'shared' }, 201)).body
    const ofMember = { params: { image_id: shared, member_id: other } }
    await send('v2.members.create-image-member', { ...ofImage(shared), fields: { member: other } })
    await send('v2.members.list-image-members', ofImage(shared))
    await send('v2.members.show-image-member-details', ofMember)
    await send('v2.members.update-image-member', { ...ofMember, as: await cloud.as('member', 'other') })
    await send('v2.members.delete-image-member', ofMember)
    for (const { id: name } of operations.filter((row) => /schemas?$/.test(row.id) && /-schema$/.test(row.id)))
      await send(name.slice('image-'.length))

    const at = 'v2.metadata-definition'
    const made = await send(`${at}-namespaces.create-namespace`, { fields: { namespace: 'Examples' } })
    const namespace = made.body.namespace as string
    const inside = (more: Record<string, string> = {}) => ({ params: { namespace, ...more } })
    await send(`${at}-resource-types.list-resource-types`)
    const associated = await send(`${at}-resource-types.create-resource-type-association`, inside())
    await send(`${at}-resource-types.list-resource-type-associations`, inside())
    const property = await send(`${at}-properties.create-property`, { ...inside(), fields: { name: 'example' } })
    const ofProperty = inside({ property_name: property.body.name })
    await send(`${at}-properties.list-properties`, inside())
    await send(`${at}-properties.get-property-definition`, ofProperty)
    await send(`${at}-properties.update-property-definition`, { ...ofProperty, fields: { name: 'example' } })
    const object = await send(`${at}-objects.create-object`, inside())
    await send(`${at}-objects.list-objects`, inside())
    await send(`${at}-objects.get-object-definition`, inside({ object_name: object.body.name }))
    const changed = await send(`${at}-objects.update-object-definition`, inside({ object_name: object.body.name }))
    await send(`${at}-tags.create-tags`, inside())
    await send(`${at}-tags.list-tags`, inside())
    await send(`${at}-tags.add-tag-definition`, inside({ name: 'one-more' }))
    await send(`${at}-tags.get-tag-definition`, inside({ name: 'one-more' }))
    const renamed = await send(`${at}-tags.update-tag-definition`, inside({ name: 'one-more' }))
    await send(`${at}-namespaces.list-namespaces`)
    await send(`${at}-namespaces.get-namespaces-details`, inside())
    await admin.put(`/image/v2/metadefs/namespaces/${namespace}`, { namespace, protected: false }, 200)
    await send(`${at}-tags.delete-tag-definition`, inside({ name: renamed.body.name }))
    await send(`${at}-tags.delete-all-tag-definitions`, inside())
    await send(`${at}-objects.delete-property-definition`, inside({ object_name: changed.body.name }))
    await send(`${at}-properties.remove-property-definition`, ofProperty)
    await send(`${at}-resource-types.remove-resource-type-association`, inside({ name: associated.body.name }))
    await send(`${at}-namespaces.update-namespace`, { ...inside(), fields: { namespace } })
    const { namespaces } = (await admin.get('/image/v2/metadefs/namespaces?limit=100')).body
    const last = namespaces.find((row: { protected: boolean }) => !row.protected)?.namespace ?? namespace
    await send(`${at}-namespaces.delete-namespace`, { params: { namespace: last } })

    const { port } = source.address() as AddressInfo
    const task = await send('v2.tasks.create-tasks', {
      body: {
        type: 'import',
        input: {
          import_from: `http://127.0.0.1:${port}/image`,
          import_from_format: 'raw',
          image_properties: { container_format: 'bare', name: 'imported' },
        },
      },
    })
    await send('v2.tasks.list-tasks')
    await send('v2.tasks.show-tasks', { params: { task_id: task.body.id } })

    await send('v1.api-versions.list-api-versions')
    const headers = { 'x-image-meta-name': 'v1', 'x-image-meta-disk_format': 'raw', 'x-image-meta-container_format': 'bare', ...octets }
    const made1 = await send('v1.images.create-image', { raw: 'data', headers })
    const old = made1.body.image.id as string
    await send('v1.images.list-images')
    await send('v1.images.list-image-details')
    await send('v1.images.show-image-details-and-image-binary', { ...ofImage(old), example: null })
    await send('v1.images.update-image', { ...ofImage(old), headers: { 'x-image-meta-name': 'renamed' }, raw: '' })
    await send('v1.members.replace-member', { ...ofImage(old), body: { memberships: [{ member_id: other, can_share: false }] } })
    await send('v1.members.remove-member', { params: { image_id: old, owner_id: other } })
    await send('v1.members.add-member', { params: { image_id: old, owner_id: other }, body: { member: { can_share: true } } })
    await send('v1.shared-images.list-shared-images', { params: { owner_id: other } })
    await send('v1.images.delete-image', ofImage(old))
    if ((await admin.get(`/image/v2/images/${id}`)).body.protected)
      await admin.request('PATCH', `/image/v2/images/${id}`, {
        body: [{ op: 'replace', path: '/protected', value: false }],
        headers: patch,
      })
    await send('v2.images.delete-image', ofImage(id))

    assert.ok(projectId)
    assert.deepEqual(comparison.missing(operations), [])
    comparison.end()
  } finally {
    source.close()
  }
})
