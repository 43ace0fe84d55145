// Bulk delete: a list of names, one a line, percent-encoded.

import { Fault, title } from '../../../api/faults.ts'
import type { BaseContext, Reply } from '../../../api/operation.ts'
import { turn } from '../../../turns.ts'
import { checkAccessRules, denied, ownAccess } from '../access/authorize.ts'
import { dropContainer } from '../containers/change.ts'
import { type Held, held } from '../held.ts'
import { splitName } from '../large-objects/manifest.ts'
import { limits, plain } from '../limits.ts'
import { dropObject } from '../objects/change.ts'
import { heard, objectScope } from '../objects/scope.ts'
import { unquote } from '../quoting.ts'
import { patient } from '../storage/data.ts'
import { type Report, reportReply } from './report.ts'

export const maxDeletes = 10_000
/** So many names are told that could not be removed; then no more of them are tried. */
export const maxFailed = 1000

/** Removes what the body names; objects as their access lists allow, containers when they are empty. */
export async function bulkDelete(context: BaseContext, account: string): Promise<Reply> {
  if (!ownAccess(context, account, false) && !context.who) throw denied(context, account)
  const memory = held(context)
  try {
    const names = await namesOf(context, memory)
    return reportReply(context, await removeNames(context, account, whileHeard(context, names), true))
  } finally {
    memory.release()
  }
}

const maxLine = limits.max_object_name_length * 3 + limits.max_container_name_length * 3 + 2

/** The lines of the body, read as they come: what is blank costs nothing but its reading. Throws 413 for too many, 400 for one too long, 503 where there is no memory for them. */
async function namesOf({ request }: BaseContext, memory: Held): Promise<string[]> {
  const names: string[] = []
  let size = 0
  let rest: Buffer = Buffer.alloc(0)
  const add = (line: Buffer) => {
    const name = line.length ? line.toString('utf8').trim() : ''
    if (!name) return
    if (names.length >= maxDeletes) throw new Fault(413, `Maximum Bulk Deletes: ${maxDeletes} per request`)
    memory.add(name.length)
    names.push(name)
  }
  for await (const chunk of patient(request)) {
    await turn()
    size += chunk.length
    if (size > maxDeletes * maxLine) throw new Fault(413, `Maximum Bulk Deletes: ${maxDeletes} per request`)
    const bytes = rest.length ? Buffer.concat([rest, chunk]) : chunk
    let from = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      if (end > from) add(bytes.subarray(from, end))
      from = end + 1
      while (bytes[from] === 10) from++
    }
    rest = bytes.subarray(from)
    if (rest.length > maxLine) throw plain(400, 'Invalid File Name')
  }
  add(rest)
  return names
}

/** The names one by one, until nobody hears any more what became of them. */
export function* whileHeard(context: BaseContext, names: string[]): Generator<string> {
  for (const name of names) {
    heard(context)
    yield name
  }
}

/** The report of a removal that has not begun. */
export const noneRemoved = (): Report => ({
  counts: { 'Number Deleted': 0, 'Number Not Found': 0 },
  errors: [],
  status: '200 OK',
  body: '',
})

/** `asked` where a request is to remove what it names or what its manifest names, so that the token's access rules hold for each. */
export async function removeNames(context: BaseContext, account: string, names: Iterable<string>, asked = false): Promise<Report> {
  const report = noneRemoved()
  for (const line of names) {
    try {
      const name = unquote(line.startsWith('/') ? line : `/${line}`)
      if (name === null) throw new Fault(412, 'The name is no UTF-8')
      if (asked) checkAccessRules(context, 'DELETE', account, name.replace(/^\/+/, ''))
      await removeName(context, account, name)
      report.counts['Number Deleted']!++
    } catch (error) {
      if (error instanceof Fault && error.status === 404) report.counts['Number Not Found']!++
      else if (error instanceof Fault) report.errors.push([line, `${error.status} ${title(error.status)}`])
      else throw error
      if (report.errors.length < maxFailed) continue
      report.body = 'Max delete failures exceeded'
      break
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
    const scope = await objectScope({ ...context, params: { account, ...place } }, 'write', 'DELETE')
    await dropObject({ ...context, rawQuery: new URLSearchParams() }, scope)
    return
  }
  const container = path.slice(1).replace(/\/$/, '')
  if (!container || container.includes('/')) throw new Fault(400, 'Invalid name')
  if (!ownAccess(context, account, false)) throw denied(context, account)
  await context.cloud.database.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, container), { frees: true })
}
