import { forbidden } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { type Access, authorize, denied } from '../access/authorize.ts'
import { cleanGrants, grantsHeader } from '../access/grants.ts'
import { bulkDelete } from '../bulk/delete.ts'
import { extractArchive } from '../bulk/extract.ts'
import { ReportBody } from '../bulk/report.ts'
import { header, merged, userMetadata } from '../headers.ts'
import { plain } from '../limits.ts'
import { Writing } from '../queries.ts'
import type { Headers } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { ensureAccount, findAccount, removeAccount, setAccountMetadata } from './store.ts'

const common = { path: '/{account}', auth: 'optional', policy: null, majors: ['v1', 'v1.0'], input: 'stream', transaction: 'none' } as const

const quotaHeader = 'x-account-meta-quota-bytes'

/** What a request changes in an account's headers. Only resellers set quotas. */
function changesOf(context: BaseContext, access: Access): Headers {
  const changes = userMetadata(context.headers, 'account')
  const quota = header(context.headers, 'x-account-quota-bytes')
  if (header(context.headers, 'x-remove-account-quota-bytes') !== undefined) changes[quotaHeader] = ''
  else if (quota !== undefined) changes[quotaHeader] = quota
  const asked = changes[quotaHeader]
  if (asked !== undefined) {
    if (!access.reseller) throw forbidden('Access was denied to this resource.')
    if (asked && !/^\d{1,15}$/.test(asked)) throw plain(400, 'Invalid bytes quota.')
  }
  const grants = header(context.headers, grantsHeader)
  if (grants !== undefined) changes[grantsHeader] = cleanGrants(grants)
  if (header(context.headers, `x-remove-${grantsHeader.slice(2)}`) !== undefined) changes[grantsHeader] = ''
  return changes
}

/** Makes the account or changes it; true when it was there. */
async function store({ cloud, write }: BaseContext, account: string, changes: Headers): Promise<boolean> {
  return write(async ({ db }) => {
    const at = nextTimestamp(cloud.environment.clock)
    const known = await findAccount(db, account)
    const row = await ensureAccount(db, account, at)
    await setAccountMetadata(db, account, merged(row.metadata, changes, 'account'), at)
    return known !== undefined
  })
}

export const updateAccount = operation({
  ...common,
  id: 'accounts.update',
  method: 'POST',
  summary: 'Create, update, or delete account metadata',
  catalog: ['object-store-v1.accounts.create-update-or-delete-account-metadata'],
  status: 204,
  // The report of what was removed.
  otherStatuses: [200],
  query: Writing,
  answer: ReportBody,
  async handle(context) {
    if (context.rawQuery.has('bulk-delete')) return bulkDelete(context, context.params.account)
    const access = authorize(context, context.params.account, 'account')
    await store(context, context.params.account, changesOf(context, access))
    return undefined
  },
})

export const createAccount = operation({
  ...common,
  id: 'accounts.create',
  method: 'PUT',
  summary: 'Create an account (resellers only)',
  catalog: [],
  status: 201,
  // 202: it was there. 200: the report of what an archive brought.
  otherStatuses: [200, 202],
  query: Writing,
  answer: ReportBody,
  async handle(context) {
    if (context.rawQuery.has('extract-archive')) return extractArchive(context, context.params.account, '')
    const access = authorize(context, context.params.account, 'account')
    if (!access.reseller) throw denied(context, context.params.account)
    const wasThere = await store(context, context.params.account, changesOf(context, access))
    return wasThere ? reply({ status: 202 }) : undefined
  },
})

export const deleteAccount = operation({
  ...common,
  id: 'accounts.delete',
  method: 'DELETE',
  summary: 'Delete an account that is empty (resellers only)',
  catalog: [],
  status: 204,
  otherStatuses: [200],
  query: Writing,
  answer: ReportBody,
  async handle(context) {
    const { account } = context.params
    if (context.rawQuery.has('bulk-delete')) return bulkDelete(context, account)
    const access = authorize(context, account, 'account')
    if (!access.reseller) throw denied(context, account)
    await context.write(async ({ db }) => {
      const row = await findAccount(db, account)
      if (!row) throw plain(404, 'The resource could not be found.')
      if (row.containers) throw plain(409, 'The account is not empty.')
      await removeAccount(db, account)
    })
    return undefined
  },
})
