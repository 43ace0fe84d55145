// Symbolic links: objects without bytes that lead to another one, at most two steps far. Static ones only while the other is what it was.
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { checkAccessRules, ownAccess } from '../access/authorize.ts'
import { loadGrant } from '../access/grants.ts'
import { findContainer } from '../containers/store.ts'
import { decodedHeader, header } from '../headers.ts'
import { splitName, storedEtag } from '../large-objects/manifest.ts'
import { plain } from '../limits.ts'
import { quote } from '../quoting.ts'
import type { Headers } from '../tables.ts'
import { linkPath, linkTarget } from './link-target.ts'
import { heard, mayReadOther, type Opened, type Scope } from './scope.ts'
import { liveObject, type StoredObject } from './store.ts'

export const maxSteps = 2

const etagHeader = 'x-symlink-target-etag'

/** What stands at the end of a link, or of one step of it. */
export interface End {
  row: StoredObject
  where: Opened
  /** Its path, as Content-Location tells it. */
  location: string
}

/** Headers of the link that a PUT asks for; null when it asks for none. Throws 400 and 412 for what leads nowhere. */
export function linkHeaders(context: BaseContext, account: string, path: string): Headers | null {
  const target = decodedHeader(context.headers, 'x-symlink-target')
  if (target === undefined) return null
  if ((header(context.headers, 'content-length') ?? '0') !== '0') throw bodyFault()
  const place = splitName(target)
  if (!place || target.startsWith('/')) throw plain(412, 'X-Symlink-Target header must be of the form <container name>/<object name>')
  const other = decodedHeader(context.headers, 'x-symlink-target-account')
  if (other !== undefined && (!other || other.includes('/'))) throw plain(412, 'Account name cannot contain slashes')
  if ((other ?? account) === account && `${place.container}/${place.object}` === path) throw plain(400, 'Symlink cannot target itself')
  checkAccessRules(context, 'GET', other ?? account, `${place.container}/${place.object}`)
  const etag = header(context.headers, etagHeader)?.replace(/^"|"$/g, '')
  if (etag && /[;"\\]/.test(etag)) throw plain(400, 'Bad X-Symlink-Target-Etag format')
  return {
    'x-symlink-target': quote(`${place.container}/${place.object}`),
    ...(other !== undefined && { 'x-symlink-target-account': quote(other) }),
    ...(etag && { [etagHeader]: etag }),
  }
}

/** For links that come with a body. */
export const bodyFault = () => plain(400, 'Symlink requests require a zero byte body')

/** The metadata of a new static link, with what its target is now, and the target's type. Throws 409 where it is not what the link says. */
export async function checkedLink(context: BaseContext, scope: Scope, link: Headers): Promise<{ metadata: Headers; content_type: string }> {
  let wanted: string | undefined = link[etagHeader]
  const missing = (location: string) => conflicting('X-Symlink-Target does not exist', location)
  let end = await stepOf(context, scope, link, missing)
  for (let step = 0; ; step++) {
    checkEtag(end, wanted)
    // A dynamic link on the way is itself what the ETag is about.
    wanted = end.row.kind === 'link' ? end.row.metadata[etagHeader] : undefined
    if (wanted === undefined) break
    if (step >= maxSteps) throw tooMany()
    end = await stepOf(context, end.where, end.row.metadata, missing)
  }
  const { kind, size, etag, content_type } = end.row
  return {
    metadata: { ...link, 'x-symlink-target-bytes': String(size), ...(kind === 'slo' && { 'x-object-sysmeta-slo-etag': etag }) },
    content_type,
  }
}

/** What stands at the link's end, for those who may read it there. Throws 404 and 409 that tell where it stopped. */
export async function followLink(context: BaseContext, scope: Opened, link: StoredObject): Promise<End> {
  let end: End = { row: link, where: scope, location: '' }
  for (let step = 0; end.row.kind === 'link'; step++) {
    if (step >= maxSteps) throw tooMany()
    const { metadata } = end.row
    end = await stepOf(context, end.where, metadata, (location) => objectFault(404, 'The resource could not be found.', location))
    checkEtag(end, metadata[etagHeader])
  }
  return end
}

const objectFault = (status: number, message: string, location: string) =>
  new Fault(status, message, { headers: { 'content-location': location } })
const conflicting = (message: string, location: string) => Object.assign(plain(409, message), { headers: { 'content-location': location } })
const tooMany = () => plain(409, `Too many levels of symbolic links, maximum allowed is ${maxSteps}`)

/** Throws 409 when the object is not the one that a static link means; links on the way are known by what they lead to. */
function checkEtag({ row, location }: End, wanted: string | undefined): void {
  if (wanted === undefined) return
  const linked = row.kind === 'link' ? row.metadata[etagHeader] : undefined
  if ((linked ?? storedEtag(row)) === wanted) return
  if (row.kind === 'link') throw conflicting('X-Symlink-Target-Etag headers do not match', location)
  throw conflicting(`Object Etag '${storedEtag(row)}' does not match X-Symlink-Target-Etag header '${wanted}'`, location)
}

/** The object that a link's metadata name, for those who may read it. */
async function stepOf(context: BaseContext, from: Opened, link: Headers, missing: (location: string) => Fault): Promise<End> {
  const { cloud } = context
  heard(context)
  const { account, container: name, object } = linkTarget(link, from.container.account)
  const location = linkPath(context.major || 'v1', link, from.container.account)
  await loadGrant(context, account)
  const container = await findContainer(cloud.database.read, account, name)
  const refused = () => new Fault(context.who ? 403 : 401, 'Access was denied to the target of the link.')
  if (!container) {
    if (ownAccess(context, account, true) === null) throw refused()
    throw missing(location)
  }
  if (!mayReadOther(context, from, container)) throw refused()
  const row = await liveObject(cloud, cloud.database.read, container.id, object)
  if (!row) throw missing(location)
  return { row, where: { ...from, container }, location }
}
