// Bulk delete: a list of names, one a line, percent-encoded.

import { readBody } from '../../../api/body.ts'
import { Fault, title } from '../../../api/faults.ts'
import type { BaseContext, Reply } from '../../../api/operation.ts'
import { denied, ownAccess } from '../access/authorize.ts'
import { dropContainer } from '../containers/change.ts'
import { splitName } from '../large-objects/manifest.ts'
import { limits } from '../limits.ts'
import { dropObject } from '../objects/change.ts'
import { objectScope } from '../objects/scope.ts'
import { type Report, reportReply } from './report.ts'

export const maxDeletes = 10_000

/** Removes what the body names; objects as their access lists allow, containers when they are empty. */
export async function bulkDelete(context: BaseContext, account: string): Promise<Reply> {
  if (!ownAccess(context, account, false) && !context.who) throw denied(context, account)
  const body = await readBody(context.request, maxDeletes * (limits.max_object_name_length * 3 + 1))
  const names = body
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  if (names.length > maxDeletes) throw new Fault(413, `Maximum Bulk Deletes: ${maxDeletes} per request`)
  return reportReply(context, await removeNames(context, account, names))
}

export async function removeNames(context: BaseContext, account: string, names: string[]): Promise<Report> {
  const report: Report = { counts: { 'Number Deleted': 0, 'Number Not Found': 0 }, errors: [], status: '200 OK', body: '' }
  for (const line of names) {
    try {
      await removeName(context, account, decodeURIComponent(line.startsWith('/') ? line : `/${line}`))
      report.counts['Number Deleted']!++
    } catch (error) {
      if (error instanceof Fault && error.status === 404) report.counts['Number Not Found']!++
      else if (error instanceof URIError) report.errors.push([line, '412 Precondition Failed'])
      else if (error instanceof Fault) report.errors.push([line, `${error.status} ${title(error.status)}`])
      else throw error
    }
  }
  if (report.errors.length) report.status = '400 Bad Request'
  else if (!report.counts['Number Deleted'] && !report.counts['Number Not Found']) {
    report.status = '400 Bad Request'
    report.body = 'Invalid bulk delete.'
  }
  return report
}

async function removeName(context: BaseContext, account: string, path: string): Promise<void> {
  const place = splitName(path)
  if (place) {
    const scope = await objectScope({ ...context, params: { account, ...place } }, 'write')
    await dropObject({ ...context, rawQuery: new URLSearchParams() }, scope)
    return
  }
  const container = path.slice(1).replace(/\/$/, '')
  if (!container || container.includes('/')) throw new Fault(400, 'Invalid name')
  if (!ownAccess(context, account, false)) throw denied(context, account)
  await context.cloud.database.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, container))
}
