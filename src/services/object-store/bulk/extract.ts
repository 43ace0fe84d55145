// Bulk upload: PUT with extract-archive makes an object of each file in a tar archive.
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Fault, title } from '../../../api/faults.ts'
import type { BaseContext, Reply } from '../../../api/operation.ts'
import { checkAccessRules, denied, ownAccess } from '../access/authorize.ts'
import { checkTempUrl } from '../access/temp-url.ts'
import { putContainer } from '../containers/change.ts'
import { findContainer } from '../containers/store.ts'
import { checkMetadata } from '../headers.ts'
import { checkContainerName, limits, plain, tooLarge } from '../limits.ts'
import { contentType } from '../objects/metadata.ts'
import { objectScope } from '../objects/scope.ts'
import { roomFor, writeObject } from '../objects/write.ts'
import { patient, receive } from '../storage/data.ts'
import { bunzip2 } from './bzip2.ts'
import { type Report, reportReply } from './report.ts'
import { type Entry, tarEntries } from './tar.ts'

export const maxFailed = 1000

/** What comes out of a packed archive is no more than so many times what has come in: real files are far below that. */
const mostRatio = 200
/** So much may come out in any case: the first files may be empty disks. */
const freeBytes = 64 * 1024 * 1024

function unpacked(context: BaseContext, kind: string): AsyncIterable<Buffer> {
  const body = patient(context.request)
  if (kind === 'tar') return body
  let [came, went] = [0, 0]
  async function* counted() {
    for await (const piece of body) {
      came += piece.length
      yield piece
    }
  }
  async function* bounded(source: AsyncIterable<Buffer>) {
    for await (const piece of source) {
      went += piece.length
      if (went > freeBytes && went > came * mostRatio) throw plain(400, 'Invalid Tar File: it unpacks to far more than it is')
      yield piece
    }
  }
  return bounded(kind === 'tar.bz2' ? bunzip2(counted()) : gunzipped(counted()))
}

async function* gunzipped(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 })
  // What goes wrong in front of it comes out of it.
  pipeline(Readable.from(body, { objectMode: false }), gunzip, () => {})
  try {
    yield* gunzip
  } catch (error) {
    if (/^Z_/.test((error as NodeJS.ErrnoException).code ?? '')) throw plain(400, 'Invalid Tar File: it cannot be decompressed')
    throw error
  }
}

/** Throws 401 for nobody without a signature: what each entry asks for is heard when it has been unpacked, which costs more than to refuse. */
async function admit(context: BaseContext, account: string, prefix: string): Promise<void> {
  if (context.who) return
  const [container = '', ...object] = prefix.split('/')
  const row = await findContainer(context.cloud.database.read, account, container)
  if (!(await checkTempUrl(context, account, row, container, object.join('/')))) throw denied(context, account)
}

/** Extracts below `prefix`: '' (paths begin with the container), a container, or a container with the first part of names. */
export async function extractArchive(context: BaseContext, account: string, prefix: string): Promise<Reply> {
  const kind = context.rawQuery.get('extract-archive')!.toLowerCase()
  if (!['tar', 'tar.gz', 'tar.bz2'].includes(kind)) throw plain(400, 'Unsupported archive format')
  await admit(context, account, prefix)
  const report: Report = { counts: { 'Number Files Created': 0 }, errors: [], status: '201 Created', body: '' }
  try {
    for await (const entry of tarEntries(unpacked(context, kind))) {
      if (entry.type !== 'file') continue
      const path = [...prefix.split('/'), ...entry.path.split('/')].filter((part) => part && part !== '.').join('/')
      try {
        await putEntry(context, account, path, entry)
        report.counts['Number Files Created']!++
      } catch (error) {
        if (!(error instanceof Fault) || error.message.startsWith('Invalid Tar File')) throw error
        report.errors.push([encodeURI(entry.path), `${error.status} ${title(error.status)}`])
        if (error.status === 401 || report.errors.length >= maxFailed) break
      }
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    report.status = '400 Bad Request'
    report.body = error.message
  }
  if (report.errors.length) report.status = '400 Bad Request'
  else if (!report.counts['Number Files Created'] && !report.body) {
    report.status = '400 Bad Request'
    report.body = 'Invalid Tar File: No Valid Files'
  }
  return reportReply(context, report)
}

async function putEntry(context: BaseContext, account: string, path: string, entry: Entry): Promise<void> {
  const slash = path.indexOf('/')
  if (slash <= 0) throw new Fault(400, 'The path names no object')
  const [container, object] = [path.slice(0, slash), path.slice(slash + 1)]
  if (entry.size > limits.max_file_size) throw tooLarge()
  const { cloud } = context
  checkAccessRules(context, 'PUT', account, path)
  if (!(await findContainer(cloud.database.read, account, container)) && ownAccess(context, account, false)) {
    checkAccessRules(context, 'PUT', account, container)
    checkContainerName(container)
    await cloud.database.write((tx) => putContainer({ ...context, headers: {}, tx, db: tx.db }, account, container))
  }
  const scope = await objectScope({ ...context, params: { account, container, object } }, 'write')
  const room = await roomFor(cloud, scope.container, object, scope.access.reseller)
  if (entry.size > room) throw plain(413, 'Upload exceeds quota.')
  const type = entry.attributes['SCHILY.xattr.user.mime_type']?.replace(/[^\x20-\x7e]/g, '')
  const metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(entry.attributes)) {
    const match = /^SCHILY\.xattr\.user\.meta\.([A-Za-z0-9_-]{1,128})$/.exec(name)
    if (match && /^[\x20-\x7e]{1,256}$/.test(value)) metadata[`x-object-meta-${match[1]!.toLowerCase().replaceAll('_', '-')}`] = value
  }
  checkMetadata(metadata, 'object')
  await writeObject(cloud, scope.container, {
    name: object,
    content_type: type || contentType({}, object),
    metadata,
    delete_at: null,
    kind: '',
    received: await receive(cloud, entry.body, limits.max_file_size),
    reseller: scope.access.reseller,
  })
}
