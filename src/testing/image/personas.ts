// The rows of the image service that every persona is tried on, and a request for any operation.
import type { Operation } from '../../api/operation.ts'
import { exampleOf, freshName, type MatrixRequest, paths } from '../persona-matrix.ts'
import { asked, makePersonas, type Personas } from '../personas.ts'
import type { TestCloud } from '../test-cloud.ts'

export interface Stage extends Personas {
  requestFor(operation: Operation, fresh: boolean): Promise<MatrixRequest>
  /** Ids that nobody outside of the project reads. */
  secrets: string[]
}

const v2 = '/image/v2'
const octets = { 'content-type': 'application/octet-stream' }

/** A project with images and a namespace of metadata definitions, and a task. One image is shared with another project. */
export async function buildStage(cloud: TestCloud): Promise<Stage> {
  const personas = await makePersonas(cloud)
  const { project, otherProject } = personas
  const own = async (method: string, path: string, body?: object | string, headers?: Record<string, string>) =>
    asked(cloud, (await personas.token('user'))!, method, v2 + path, body, headers)
  const byAdmin = async (path: string, body: object) => asked(cloud, await cloud.admin.token(), 'POST', v2 + path, body)
  const imageBody = () => ({ name: freshName(), disk_format: 'raw', container_format: 'bare', owner: project })
  const makeImage = async (visibility = 'private'): Promise<string> => {
    const { id } = await own('POST', '/images', { ...imageBody(), visibility, tags: ['tag'] })
    await own('PUT', `/images/${id}/file`, 'data', octets)
    return id
  }
  const image = await makeImage()
  const shared = await makeImage('shared')
  await own('POST', `/images/${shared}/members`, { member: otherProject })
  const makeMember = async (): Promise<string> => (await own('POST', `/images/${shared}/members`, { member: freshName() })).member_id
  const imported = (await own('POST', '/images', imageBody())).id
  await own('PUT', `/images/${imported}/stage`, 'data', octets)
  await own('POST', `/images/${imported}/import`, { method: { name: 'glance-direct' } })
  const task = (await own('GET', `/images/${imported}/tasks`)).tasks[0].id
  const namespaceBody = () => ({ namespace: freshName(), owner: project, visibility: 'private' })
  const makeNamespace = async (): Promise<string> => (await byAdmin('/metadefs/namespaces', namespaceBody())).namespace
  const namespace = await makeNamespace()
  const within = `/metadefs/namespaces/${namespace}`
  const objectBody = () => ({ name: freshName(), properties: {} })
  const propertyBody = () => ({ name: freshName(), title: 'x', type: 'string' })
  const named = async (path: string, body: object): Promise<string> => (await byAdmin(within + path, body)).name
  const makeTag = async (): Promise<string> => (await byAdmin(`${within}/tags/${freshName()}`, {})).name
  const associate = () => named('/resource_types', { name: freshName() })
  const first: Record<string, string> = { namespace }
  const makers: [param: string, path: string, make: () => Promise<string>][] = [
    ['image_id', '/images/{image_id}/members', async () => shared],
    ['image_id', '', () => makeImage()],
    ['member_id', '', makeMember],
    ['owner_id', '', async () => otherProject],
    ['tag', '', async () => 'tag'],
    ['store_id', '', async () => 'file'],
    ['task_id', '', async () => task],
    ['namespace', '', makeNamespace],
    ['object_name', '', () => named('/objects', objectBody())],
    ['property_name', '', () => named('/properties', propertyBody())],
    ['name', '/metadefs/namespaces/{namespace}/tags', makeTag],
    ['name', '', associate],
  ]
  Object.assign(first, { image_id: image, member_id: otherProject })
  const pathOf = paths(makers, first)
  const bodies: Record<string, () => object> = {
    'images.create': imageBody,
    'images.update': () => [{ op: 'replace', path: '/name', value: freshName() }],
    'images.import': () => ({ method: { name: 'glance-direct' } }),
    'tasks.create': () => ({ type: 'import', input: { import_from: 'http://127.0.0.1:1/', image_properties: { owner: project } } }),
    'members.create': () => ({ member: freshName() }),
    'members.update': () => ({ status: 'accepted' }),
    'v1.members.replace': () => ({ memberships: [{ member_id: otherProject, can_share: false }] }),
    'metadata.namespaces.create': namespaceBody,
    'metadata.namespaces.update': () => ({ namespace, owner: project, visibility: 'private' }),
    'metadata.objects.create': objectBody,
    'metadata.properties.create': propertyBody,
  }
  /** Those that stay under their name. */
  const renamed: Record<string, (name: string) => object> = {
    'metadata.objects.update': (name) => ({ ...objectBody(), name }),
    'metadata.properties.update': (name) => ({ ...propertyBody(), name }),
    'metadata.tags.update': (name) => ({ name }),
  }
  const headersOf: Record<string, Record<string, string>> = {
    'images.update': { 'content-type': 'application/openstack-images-v2.1-json-patch' },
    'v1.images.create': { 'x-image-meta-name': 'x', 'x-image-meta-owner': project },
    'v1.images.update': { 'x-image-meta-name': 'y', 'x-glance-registry-purge-props': 'false' },
  }
  return {
    ...personas,
    secrets: [image, imported, namespace, task],
    async requestFor(operation, fresh) {
      const isStream = operation.input === 'stream' && !operation.id.startsWith('v1.')
      const path = await pathOf(operation, fresh)
      const name = path.split('/').at(-1)!
      const example =
        renamed[operation.id]?.bind(null, name) ?? bodies[operation.id] ?? (operation.body && (() => exampleOf(operation.body, {})))
      return {
        path: `/image/${operation.majors?.[0] ?? 'v2'}${path}`,
        headers: headersOf[operation.id] ?? (isStream ? octets : {}),
        ...(isStream ? { body: 'data' } : example ? { body: example() } : {}),
      }
    },
  }
}
