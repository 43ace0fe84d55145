// Begins an import in the caller's transaction: the image is taken, the task is there for clients to see, and starts at commit.
import { badRequest, conflict, notFound } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { moveImage } from '../images/machine.ts'
import { isAdmin, missingImage } from '../images/resource.ts'
import { change } from '../images/store.ts'
import type { ImageTaskRow } from '../tables.ts'
import { injectedProperties } from './inject.ts'
import type { ImportInput } from './jobs.ts'
import { mark } from './mark.ts'
import { checkSource } from './source.ts'
import { importTask } from './task.ts'

export interface ImportRequest {
  imageId: string
  method: ImportInput['method']
  uri: string | null
  type: ImageTaskRow['type']
  /** As clients see it. */
  input: object
  /** Stores that are to get the data; the default one unless given. */
  stores?: string[]
  allMustSucceed?: boolean
}

/** Gives the task. Throws 400 for a source that is not allowed, 404, or 409 when the image's status does not allow it. */
export async function startImport(
  context: BaseContext,
  { imageId, method, uri, type, input, ...to }: ImportRequest,
): Promise<ImageTaskRow> {
  const { tx, now, who, cloud, requestId } = context
  if (method === 'web-download') checkSource(uri ?? '', cloud.config)
  await change(tx.db, imageId, now) // locks the row
  const image = await tx.db.selectFrom('images').selectAll().where('id', '=', imageId).executeTakeFirst()
  if (!image) throw notFound(missingImage(imageId))
  if (image.disk_format === null || image.container_format === null) {
    throw badRequest("'disk_format' and 'container_format' needs to be set before import")
  }
  const needed = { 'web-download': 'queued', 'glance-direct': 'uploading', 'copy-image': 'active' }[method]
  const staged = method !== 'glance-direct' || image.staged_bytes !== null
  if (image.status !== needed || !staged) throw conflict(`Image needs to be in '${needed}' state before '${method}' import`)
  const id = cloud.environment.uuid()
  const uploadId = method === 'glance-direct' ? image.upload_id! : id
  if (method !== 'copy-image') await moveImage(tx, imageId, 'import', now, { upload_id: uploadId })
  const stores = to.stores ?? [cloud.image.stores.default.id]
  await mark(tx.db, imageId, stores.join(','), '')
  const row: ImageTaskRow = {
    id,
    type,
    status: 'pending',
    owner_id: who.project?.id ?? image.owner_id,
    user_id: who.user.id,
    request_id: requestId,
    image_id: imageId,
    input,
    result: null,
    message: '',
    expires_at: null,
    created_at: now,
    updated_at: now,
  }
  await tx.db.insertInto('image_tasks').values(row).execute()
  const inject = method === 'copy-image' || isAdmin(context) ? undefined : injectedProperties(cloud.config)
  await context.start(importTask, {
    id,
    imageId,
    uploadId,
    method,
    uri,
    requestId,
    stores,
    allMustSucceed: to.allMustSucceed ?? true,
    ...(inject && { inject }),
  })
  return row
}
