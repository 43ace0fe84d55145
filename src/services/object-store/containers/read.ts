import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { type Access, authorize } from '../access/authorize.ts'
import { checkContainerName, limits } from '../limits.ts'
import { listObjects } from '../listing/objects.ts'
import { formatHeaders, listingFormat, listingQuery } from '../listing/query.ts'
import { ObjectList } from '../listing/schema.ts'
import { versionsPage } from '../listing/versions-page.ts'
import { lookAhead, readAhead } from '../objects/ahead.ts'
import { heard } from '../objects/scope.ts'
import { ContainerHead, ContainerListing } from '../queries.ts'
import type { Container } from '../tables.ts'
import { isBrowser, webContainer } from '../web/static.ts'
import { containerMissing, findContainer } from './store.ts'
import { containerHeaders } from './view.ts'

const common = { path: '/{account}/{container}', auth: 'optional', policy: null, majors: ['v1', 'v1.0'] } as const

/** The container, for those who may list it. Others do not learn whether it is there. */
async function listable(context: BaseContext, account: string, name: string): Promise<{ row: Container; access: Access }> {
  const ahead = readAhead(context, { account, container: name, object: undefined })
  const row = ahead ? ahead.container : await findContainer(context.db, account, name)
  const access = authorize(context, account, 'list', row?.metadata)
  checkContainerName(name)
  if (!row) throw containerMissing()
  return { row, access }
}

export const showContainer = operation({
  ...common,
  id: 'containers.show',
  method: 'GET',
  summary: 'Show container details and list objects',
  catalog: ['object-store-v1.containers.show-container-details-and-list-objects', 'quickstart-object-store-v1.0.containers.list-objects'],
  // Where there are no objects there is no text; sites answer with objects of theirs, or send a browser on to a folder.
  otherStatuses: [204, 206, 301, 304],
  query: ContainerListing,
  answer: ObjectList,
  ahead: lookAhead('container'),
  async handle(context) {
    const page = isBrowser(context) ? await webContainer(context, context.params.account, context.params.container) : null
    if (page) return page
    const { row, access } = await listable(context, context.params.account, context.params.container)
    const query = listingQuery(context, limits.container_listing_limit)
    if (context.rawQuery.has('versions')) {
      const body = await versionsPage(context, row, query)
      return reply({
        headers: { ...containerHeaders(row, access), ...formatHeaders(context, 'json'), 'content-length': String(body.length) },
        body,
      })
    }
    const format = listingFormat(context)
    const headers: Record<string, string> = { ...containerHeaders(row, access), ...formatHeaders(context, format) }
    const { length, body } = await listObjects(context.cloud.database, row, query, format, () => heard(context))
    if (!length) return reply({ status: 204, headers })
    headers['content-length'] = String(length)
    return reply({ headers, body })
  },
})

export const headContainer = operation({
  ...common,
  id: 'containers.head',
  method: 'HEAD',
  summary: 'Show container metadata',
  catalog: ['object-store-v1.containers.show-container-metadata', 'quickstart-object-store-v1.0.containers.show-container-metadata'],
  status: 204,
  otherStatuses: [200, 206, 301, 304],
  query: ContainerHead,
  ahead: lookAhead('container'),
  async handle(context) {
    const page = isBrowser(context) ? await webContainer(context, context.params.account, context.params.container) : null
    if (page) return page
    const { row, access } = await listable(context, context.params.account, context.params.container)
    const format = listingFormat(context)
    return reply({ headers: { ...containerHeaders(row, access), ...formatHeaders(context, format), 'content-length': '0' } })
  },
})
