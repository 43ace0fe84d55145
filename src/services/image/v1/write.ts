// POST, PUT and DELETE of /v1/images (reference 12.2.2, 12.2.5, 12.2.6): headers, data, or both in one request.
import { Type } from 'typebox'
import { badRequest, Fault } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import type { Received } from '../data/receive.ts'
import { mustBeOctets, readingAll, upload } from '../data/upload.ts'
import { createImage, insertImage } from '../images/create.ts'
import { deleteImage, eraseImage } from '../images/delete.ts'
import type { Change } from '../images/patch.ts'
import { images } from '../images/resource.ts'
import { isField } from '../images/schema.ts'
import { fullImage } from '../images/store.ts'
import { changeImage, updateImage } from '../images/update.ts'
import { startImport } from '../imports/start.ts'
import { bytes, count } from '../quotas.ts'
import { type GivenImage, readHeaders } from './headers.ts'
import { DetailedImage, detailView } from './view.ts'
import { imported } from './wait.ts'

const amazon = ['ami', 'ari', 'aki']

const hasBody = ({ headers }: BaseContext) => headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

function checkFormats({ container_format: container, disk_format: disk }: Record<string, unknown>): void {
  const mixed = [container, disk].some((format) => amazon.includes(format as string)) && container !== disk
  if (mixed && container && disk) {
    throw badRequest(
      'Invalid mix of disk and container formats. When setting a disk or container format to one of ' +
        "'aki', 'ari', or 'ami', the container and disk formats must match.",
    )
  }
}

/** Throws 400 when the data is not what the headers said. */
const expecting =
  ({ size, checksum }: GivenImage) =>
  (received: Received) => {
    if (size !== null && size !== received.size) {
      throw badRequest(`Supplied size (${size}) and size of the uploaded image (${received.size}) did not match.`)
    }
    if (checksum !== null && checksum !== received.md5) {
      throw badRequest(`Supplied checksum (${checksum.slice(0, 64)}) and checksum of the uploaded image (${received.md5}) did not match.`)
    }
  }

/** The context inside a transaction of its own. */
const within = <T>(context: BaseContext, work: (inside: BaseContext) => Promise<T>): Promise<T> =>
  context.write((tx) =>
    work({
      ...context,
      tx,
      db: tx.db,
      start: (task, input) => context.cloud.tasks.start(tx, task, input, context.requestId),
    }),
  )

const fetchInto = (inside: BaseContext, imageId: string, uri: string) => {
  const input = { image_id: imageId, import_req: { method: { name: 'web-download', uri } } }
  return startImport(inside, { imageId, method: 'web-download', uri, type: 'api_image_import', input })
}

const answer = Type.Object({ image: DetailedImage })

const shown = async ({ cloud }: BaseContext, id: string) => {
  const image = await fullImage(cloud.database.read, id)
  if (!image) throw new Fault(410, `Image ${id} has been deleted.`)
  return { image: detailView(image) }
}

/** Gives the image its data: from the body, from an address at once, or from one in the background. */
async function fill(context: BaseContext, image: { id: string; owner_id: string }, given: GivenImage): Promise<void> {
  if (hasBody(context)) await upload(context.cloud, image, context.request, { check: expecting(given) })
  else if (given.location !== null) await imported(context.cloud, image.id)
}

function checkSources(context: BaseContext, given: GivenImage): string | null {
  const uri = given.copyFrom ?? given.location
  if (hasBody(context)) {
    if (uri !== null) throw badRequest('An image has either data or a source of it.')
    mustBeOctets(context.headers)
  }
  return uri
}

export const postImage = operation({
  id: 'v1.images.create',
  method: 'POST',
  path: '/images',
  summary: 'Register an image, with or without its data',
  catalog: ['image-v1.images.create-image'],
  input: 'stream',
  transaction: 'none',
  status: 201,
  answer,
  quota: { [count]: 'handler', [bytes]: 'handler' },
  policy: createImage.policy,
  policyTarget: ({ who }) => ({ project_id: who.project?.id, owner: who.project?.id }),
  handle: (context) =>
    readingAll(context.request, async () => {
      const given = readHeaders(context.headers)
      const uri = checkSources(context, given)
      checkFormats(given.fields)
      const fields = { ...given.properties, ...given.fields, visibility: given.isPublic ? 'public' : 'shared' }
      const image = await within(context, async (inside) => {
        const id = await insertImage(inside, fields)
        if (uri !== null) await fetchInto(inside, id, uri)
        return (await fullImage(inside.db, id))!
      })
      try {
        await fill(context, image, given)
      } catch (error) {
        // Nobody was told of the image: without its data it is of no use to anybody.
        await within(context, (inside) => eraseImage(inside, image.id)).catch(() => {})
        throw error
      }
      return reply({ headers: { location: context.href(`/images/${image.id}`) }, body: await shown(context, image.id) })
    }),
})

export const putImage = operation({
  id: 'v1.images.update',
  method: 'PUT',
  path: '/images/{image_id}',
  summary: 'Update an image or upload its data',
  catalog: ['image-v1.images.update-image'],
  input: 'stream',
  transaction: 'none',
  answer,
  quota: { [bytes]: 'handler' },
  policy: updateImage.policy,
  on: images,
  handle: (context) =>
    readingAll(context.request, async () => {
      const { image, headers } = context
      const given = readHeaders(headers)
      const uri = checkSources(context, given)
      checkFormats({ container_format: image.container_format, disk_format: image.disk_format, ...given.fields })
      // Properties that are not named go away, unless the request says otherwise or is about data.
      const purge = String(headers['x-glance-registry-purge-props'] ?? (hasBody(context) || uri !== null ? 'false' : 'true'))
      await within(context, async (inside) => {
        const before = await fullImage(inside.db, image.id)
        const changes = changesOf(
          given,
          image.visibility === 'public',
          purge.toLowerCase() === 'false' ? [] : Object.keys(before?.properties ?? {}),
        )
        await changeImage(inside, image.id, changes)
        if (uri !== null) await fetchInto(inside, image.id, uri)
      })
      await fill(context, image, given)
      return shown(context, image.id)
    }),
})

/** What the headers say as changes of version 2; properties among `purged` that they do not name are removed. */
function changesOf({ fields, properties, isPublic }: GivenImage, wasPublic: boolean, purged: string[]): Change[] {
  const changes: Change[] = []
  for (const [name, value] of Object.entries(fields)) if (isField(name)) changes.push({ op: 'replace', path: [name], value })
  if (isPublic !== null && isPublic !== wasPublic) {
    changes.push({ op: 'replace', path: ['visibility'], value: isPublic ? 'public' : 'shared' })
  }
  for (const [name, value] of Object.entries(properties)) if (!isField(name)) changes.push({ op: 'add', path: [name], value })
  for (const name of purged) {
    if (!Object.hasOwn(properties, name) && !name.startsWith('os_glance_')) changes.push({ op: 'remove', path: [name], value: undefined })
  }
  return changes
}

export const removeImage = operation({
  id: 'v1.images.delete',
  method: 'DELETE',
  path: '/images/{image_id}',
  summary: 'Delete an image',
  catalog: ['image-v1.images.delete-image'],
  policy: deleteImage.policy,
  on: images,
  handle: (context) => eraseImage(context, context.image.id),
})
