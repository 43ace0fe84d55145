// Symbolic links: objects without bytes that lead to another one, at most two steps far.
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { ownAccess } from '../access/authorize.ts'
import { loadGrant } from '../access/grants.ts'
import { findContainer } from '../containers/store.ts'
import { decodedHeader, header } from '../headers.ts'
import { splitName } from '../large-objects/manifest.ts'
import { plain } from '../limits.ts'
import type { Headers } from '../tables.ts'
import { deeper, mayReadOther, type Opened } from './scope.ts'
import { liveObject, type StoredObject } from './store.ts'

export const maxSteps = 2

/** Headers of the link that a PUT asks for; null when it asks for none. Throws 400 for what leads nowhere. */
export function linkHeaders(context: BaseContext, account: string, path: string): Headers | null {
  const target = decodedHeader(context.headers, 'x-symlink-target')
  if (target === undefined) return null
  if (
    header(context.headers, 'content-length') !== '0' &&
    context.headers['transfer-encoding'] === undefined &&
    context.headers['content-length']
  )
    throw plain(400, 'Symlink requests require a zero byte body')
  const place = splitName(target)
  if (!place || target.startsWith('/')) throw plain(412, 'X-Symlink-Target header must be of the form <container name>/<object name>')
  const other = decodedHeader(context.headers, 'x-symlink-target-account')
  if (other?.includes('/')) throw plain(412, 'Account name cannot contain slashes')
  if ((other ?? account) === account && `${place.container}/${place.object}` === path) throw plain(400, 'Symlink cannot target itself')
  const etag = header(context.headers, 'x-symlink-target-etag')
  return {
    'x-symlink-target': header(context.headers, 'x-symlink-target')!,
    ...(other !== undefined && { 'x-symlink-target-account': header(context.headers, 'x-symlink-target-account')! }),
    ...(etag && { 'x-symlink-target-etag': etag.replace(/^"|"$/g, '') }),
  }
}

const decode = (text: string) => decodeURIComponent(Buffer.from(text, 'latin1').toString('utf8'))

/** Where the link leads: account, container and object. */
export function linkTarget(row: StoredObject, account: string): { account: string; container: string; object: string } {
  const place = splitName(decode(row.metadata['x-symlink-target']!))!
  return { account: decode(row.metadata['x-symlink-target-account'] ?? account), ...place }
}

/** What stands at the link's end, for those who may read it there. */
export async function followLink(
  context: BaseContext,
  scope: Opened,
  link: StoredObject,
): Promise<{ row: StoredObject; where: Opened; location: string }> {
  const { cloud } = context
  let row = link
  let where = scope
  let location = ''
  for (let step = 0; row.kind === 'link'; step++) {
    if (step >= maxSteps) throw new Fault(409, `Too many levels of symbolic links, maximum allowed is ${maxSteps}`)
    const { account, container: name, object } = linkTarget(row, where.container.account)
    await loadGrant(context, account)
    const container = await findContainer(cloud.database.read, account, name)
    if (!container) {
      if (ownAccess(context, account, true) === null)
        throw new Fault(context.who ? 403 : 401, 'Access was denied to the target of the link.')
      throw new Fault(404, 'The target of the link is not there.')
    }
    if (!mayReadOther(context, where, container)) throw new Fault(context.who ? 403 : 401, 'Access was denied to the target of the link.')
    const wanted = row.metadata['x-symlink-target-etag']
    const target = await liveObject(cloud, cloud.database.read, container.id, object)
    if (!target) throw new Fault(404, 'The target of the link is not there.')
    if (wanted !== undefined && wanted !== target.etag) throw new Fault(409, 'The target of the link has another ETag than the link says.')
    row = target
    where = deeper(context, where, container)
    location = encodeURI(`/${context.major}/${account}/${name}/${object}`)
  }
  return { row, where, location }
}
