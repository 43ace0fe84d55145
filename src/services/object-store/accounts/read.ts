import { operation, reply } from '../../../api/operation.ts'
import { authorize } from '../access/authorize.ts'
import { limits } from '../limits.ts'
import { Pieces } from '../listing/pieces.ts'
import { formatHeaders, listingFormat, listingQuery } from '../listing/query.ts'
import { renderContainers } from '../listing/render.ts'
import { ContainerList } from '../listing/schema.ts'
import { containersIn } from '../listing/store.ts'
import { walk } from '../listing/walk.ts'
import { heard } from '../objects/scope.ts'
import { AccountListing, ListingFormat } from '../queries.ts'
import { nextTimestamp } from '../timestamps.ts'
import { findAccount } from './store.ts'
import { accountHeaders } from './view.ts'

const common = { path: '/{account}', auth: 'optional', policy: null, majors: ['v1', 'v1.0'] } as const

export const showAccount = operation({
  ...common,
  id: 'accounts.show',
  method: 'GET',
  summary: 'Show account details and list containers',
  catalog: ['object-store-v1.accounts.show-account-details-and-list-containers', 'quickstart-object-store-v1.0.accounts.list-containers'],
  query: AccountListing,
  // Without containers there is no text.
  otherStatuses: [204],
  answer: ContainerList,
  async handle(context) {
    const { account } = context.params
    const access = authorize(context, account, 'own-read')
    const query = listingQuery(context, limits.account_listing_limit)
    const format = listingFormat(context)
    const row = await findAccount(context.db, account)
    const entries = await walk(query, (range) => {
      heard(context)
      return containersIn(context.db, account, range)
    })
    const headers = { ...accountHeaders(row, access, nextTimestamp(context.cloud.environment.clock)), ...formatHeaders(context, format) }
    if (!entries.length && format === 'text') return reply({ status: 204, headers })
    const body = new Pieces(await renderContainers(account, entries, format, () => heard(context)))
    return reply({ headers: { ...headers, 'content-length': String(body.length) }, body })
  },
})

export const headAccount = operation({
  ...common,
  id: 'accounts.head',
  method: 'HEAD',
  summary: 'Show account metadata',
  catalog: ['object-store-v1.accounts.show-account-metadata', 'quickstart-object-store-v1.0.accounts.show-account-metadata'],
  status: 204,
  query: ListingFormat,
  async handle(context) {
    const { account } = context.params
    const access = authorize(context, account, 'own-read')
    const format = listingFormat(context)
    const row = await findAccount(context.db, account)
    const headers = accountHeaders(row, access, nextTimestamp(context.cloud.environment.clock))
    return reply({ headers: { ...headers, ...formatHeaders(context, format), 'content-length': '0' } })
  },
})
