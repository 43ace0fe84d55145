import { createHash } from 'node:crypto'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import type { StoredObject } from '../objects/store.ts'
import { objectHeaders } from '../objects/view.ts'
import { readManifest } from './manifest.ts'

/** The manifest itself: as it is listed, or with `format=raw` in the form in which it may be put again. */
export async function manifestReply(context: BaseContext, row: StoredObject): Promise<Reply> {
  const segments = await readManifest(context.cloud, row)
  const shown =
    context.rawQuery.get('format') === 'raw'
      ? segments.map(({ name, hash, bytes, range, data }) =>
          data !== undefined ? { data } : { path: name, etag: hash, size_bytes: bytes, ...(range && { range }) },
        )
      : segments
  const body = JSON.stringify(shown)
  const etag = createHash('md5').update(body).digest('hex')
  const headers = {
    ...objectHeaders(row),
    etag,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  }
  return reply({ headers, body: context.request.method === 'HEAD' ? undefined : body })
}
