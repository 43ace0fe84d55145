import { createHash } from 'node:crypto'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import type { StoredObject } from '../objects/store.ts'
import { objectHeaders } from '../objects/view.ts'
import { rowBytes } from '../storage/data.ts'
import { rawSegments } from './manifest.ts'

/** The manifest itself: as it is listed, or with `format=raw` in the form in which it may be put again. */
export async function manifestReply(context: BaseContext, row: StoredObject, location: string | null): Promise<Reply> {
  const raw = context.rawQuery.get('format') === 'raw'
  const { cloud } = context
  const body = raw ? JSON.stringify(await rawSegments(cloud, row)) : (await rowBytes(cloud.database.read, row.data_id!)).toString()
  const etag = createHash('md5').update(body).digest('hex')
  const headers = {
    ...objectHeaders(row),
    etag,
    // In the form in which it was put it has the type that it was given.
    ...(!raw && { 'content-type': 'application/json; charset=utf-8' }),
    ...(location && { 'content-location': location }),
    'content-length': String(Buffer.byteLength(body)),
  }
  return reply({ headers, body: context.request.method === 'HEAD' ? undefined : body })
}
