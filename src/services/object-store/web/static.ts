// Static web: containers that show themselves to browsers as a site, with index, listings and pages for errors.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, Reply, reply } from '../../../api/operation.ts'
import type { Who } from '../../../auth/who.ts'
import { authorize } from '../access/authorize.ts'
import { findContainer } from '../containers/store.ts'
import { header } from '../headers.ts'
import { Pieces } from '../listing/pieces.ts'
import { isTrue, type ListingQuery } from '../listing/query.ts'
import { headerText } from '../listing/render.ts'
import { objectsIn } from '../listing/store.ts'
import { walk } from '../listing/walk.ts'
import { readReply } from '../objects/get.ts'
import { whereReplaced } from '../objects/replaced.ts'
import { heard, mayReadOther } from '../objects/scope.ts'
import { liveObject, type StoredObject } from '../objects/store.ts'
import { quote, unquote } from '../quoting.ts'
import type { Container } from '../tables.ts'
import { listingPage } from './page.ts'

/** Header text is kept as it came, as Latin-1. */
function setting(container: Container, name: string): string | undefined {
  const value = container.metadata[`x-container-meta-web-${name}`]
  return value && headerText(value)
}

const isSite = (container: Container) => Boolean(setting(container, 'index')) || isTrue(setting(container, 'listings'))

/** True for an object that only says that there is a folder of that name: sites show the folder. */
export const isFolderMark = (container: Container, row: StoredObject) =>
  row.size <= 1 &&
  row.content_type.split(';')[0]!.trim() === (setting(container, 'directory-type') || 'application/directory') &&
  isSite(container)

/** Browsers have no token; programs that have one say X-Web-Mode to see what a browser would. */
export const isBrowser = (context: BaseContext) =>
  !(context.who as Who | null) ? header(context.headers, 'x-web-mode') !== 'false' : isTrue(header(context.headers, 'x-web-mode'))

const rawPath = (context: BaseContext) => context.request.url!.split('?')[0]!
/** The path from the version on, as people read it. */
function shownPath(context: BaseContext): string {
  const path = rawPath(context)
  return unquote(path.slice(path.indexOf(`/${context.major}/`))) ?? ''
}

function redirectToFolder(context: BaseContext): Reply {
  const location = `${context.href(`/${quote(shownPath(context))}`)}/`
  return reply({
    status: 301,
    headers: { location, 'content-type': 'text/html; charset=UTF-8' },
    body: '<html><h1>Moved Permanently</h1></html>',
  })
}

/** A GET or HEAD of a container by a browser; null when the container is no site. */
export async function webContainer(context: BaseContext, account: string, name: string): Promise<Reply | null> {
  const container = await findContainer(context.cloud.database.read, account, name)
  if (!container || !isSite(container)) return null
  try {
    authorize(context, account, 'read', container.metadata)
  } catch (error) {
    return webFault(context, container, error)
  }
  if (!rawPath(context).endsWith('/')) return redirectToFolder(context)
  return webFolder(context, container, '')
}

/** What a browser gets instead of the 404 of an object: the folder of that name, or the site's own page for errors. */
export async function webMissing(context: BaseContext, container: Container, object: string, fault: unknown): Promise<Reply> {
  if (!(fault instanceof Fault)) throw fault
  if (fault.status !== 404 || !isSite(container)) return webFault(context, container, fault)
  if (object.endsWith('/')) return webFolder(context, container, object)
  const below = await walk({ ...everything, prefix: `${object}/`, limit: 1 }, (range) =>
    objectsIn(context.cloud.database.read, container.id, range),
  )
  return below.length ? redirectToFolder(context) : webFault(context, container, fault)
}

const everything: ListingQuery = { limit: 10_000, marker: '', endMarker: '', prefix: '', delimiter: '', path: null, reverse: false }

async function webFolder(context: BaseContext, container: Container, prefix: string): Promise<Reply> {
  const index = setting(container, 'index')
  const page = index && (await webObject(context, container, prefix + index))
  if (page) return page
  if (!isTrue(setting(container, 'listings'))) return webFault(context, container, new Fault(404, 'The resource could not be found.'))
  try {
    authorize(context, container.account, 'list', container.metadata)
  } catch (error) {
    return webFault(context, container, error)
  }
  const asked = () => heard(context)
  const entries = await walk({ ...everything, prefix, delimiter: '/' }, (range) => {
    asked()
    return objectsIn(context.cloud.database.read, container.id, range)
  })
  const shown = entries.filter((entry) => 'subdir' in entry || entry.name !== prefix)
  if (prefix && !entries.length) return webFault(context, container, new Fault(404, 'The resource could not be found.'))
  const title = setting(container, 'listings-label') ?? shownPath(context)
  const pieces = await listingPage({ title, prefix, css: setting(container, 'listings-css') }, shown, asked)
  const body = new Pieces(pieces)
  return reply({ headers: { 'content-type': 'text/html; charset=UTF-8', 'content-length': String(body.length) }, body })
}

async function webObject(context: BaseContext, container: Container, name: string): Promise<Reply | null> {
  const place = { account: container.account, container: container.name, object: name }
  return whereReplaced(async () => {
    const row = await liveObject(context.cloud, context.cloud.database.read, container.id, name)
    return row ? readReply(context, { place, container, access: { owner: false, reseller: false }, temp: null }, row) : null
  })
}

/** The site's page for that status, `404error.html`; without one the fault is thrown. */
async function webFault(context: BaseContext, container: Container, fault: unknown): Promise<Reply> {
  const suffix = setting(container, 'error')
  if (!(fault instanceof Fault) || !suffix || (fault.status !== 404 && fault.status !== 401)) throw fault
  // The page is an object as others are: who may not read it does not see it.
  if (!mayReadOther(context, { temp: null, container }, container)) throw fault
  // Conditions and ranges of the request are meant for another object.
  const bare = { ...context, headers: {}, rawQuery: new URLSearchParams() }
  const page = await webObject(bare, container, `${fault.status}${suffix}`)
  if (!page) throw fault
  return new Reply({ status: fault.status, headers: { ...page.headers, ...fault.headers }, body: page.body })
}
