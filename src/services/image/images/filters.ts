// The filters of the image list (reference 11.2.2): which images, by the request's query.
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import { badRequest } from '../../../api/faults.ts'
import type { Db } from '../../../db/database.ts'
import type { Tables } from '../../../db/tables.ts'
import type { Visibility } from '../tables.ts'
import { type Label, labelled } from './labels.ts'
import { visibilities } from './schema.ts'
import { isVisibility, sharedWith, type Viewer } from './store.ts'

type Eb = ExpressionBuilder<Tables, 'images'>
export type Condition = (eb: Eb) => Expression<SqlBool>

const clip = (text: string) => text.slice(0, 80)
const invalid = (name: string, value: string) => badRequest(`Invalid value '${clip(value)}' for ${clip(name)} filter.`)

const paging = new Set(['limit', 'marker', 'sort', 'sort_key', 'sort_dir'])
const memberStatuses = ['accepted', 'pending', 'rejected', 'all']
const listable = new Set(['name', 'id', 'status', 'container_format', 'disk_format'])
const texts: Record<
  string,
  'name' | 'id' | 'status' | 'container_format' | 'disk_format' | 'owner_id' | 'checksum' | 'os_hash_algo' | 'os_hash_value'
> = {
  name: 'name',
  id: 'id',
  status: 'status',
  container_format: 'container_format',
  disk_format: 'disk_format',
  owner: 'owner_id',
  checksum: 'checksum',
  os_hash_algo: 'os_hash_algo',
  os_hash_value: 'os_hash_value',
}
const numbers = new Set(['size', 'virtual_size', 'min_disk', 'min_ram'])
const comparisons = { gt: '>', gte: '>=', lt: '<', lte: '<=', eq: '=', neq: '!=' } as const

const MAX_FILTERS = 64

/** Conditions of a list request, besides what the asker may see at all; `crowded` as of `isCrowded`. Throws 400 for a value that cannot be. */
export async function conditionsOf(db: Db, query: URLSearchParams, viewer: Viewer, crowded: boolean): Promise<Condition[]> {
  const found = [hidden(query.get('os_hidden')), shown(query.get('visibility'), query.get('member_status'), viewer, crowded)]
  const labels: Label[] = []
  let few = false
  for (const [name, value] of query) {
    if (paging.has(name) || name === 'os_hidden' || name === 'visibility' || name === 'member_status') continue
    if (found.length + labels.length > MAX_FILTERS) throw badRequest('There are too many filters.')
    if (name === 'tag') labels.push({ tag: value })
    else {
      const field = condition(name, value)
      if (field) found.push(field)
      else labels.push({ name, value })
      few ||= name === 'name' || name === 'id'
    }
  }
  return [...found, ...(await labelled(db, labels, found.length - 2, few))]
}

/** The condition on a field of images; undefined when there is no such field. */
function condition(name: string, value: string): Condition | undefined {
  const column = Object.hasOwn(texts, name) ? texts[name] : undefined
  if (column) {
    if (listable.has(name) && value.startsWith('in:')) {
      const values = splitList(name, value.slice(3))
      return (eb) => eb(column, 'in', values as never)
    }
    return (eb) => eb(column, '=', value as never)
  }
  if (numbers.has(name)) {
    const wanted = wholeNumber(name, value)
    return (eb) => eb(name as 'size', '=', wanted)
  }
  if (name === 'size_min' || name === 'size_max') {
    const wanted = wholeNumber(name, value)
    return (eb) => eb('size', name === 'size_min' ? '>=' : '<=', wanted)
  }
  if (name === 'protected') {
    const wanted = boolean(name, value)
    return (eb) => eb('protected', '=', wanted)
  }
  if (name === 'created_at' || name === 'updated_at') return time(name, value)
  return undefined
}

function hidden(value: string | null): Condition {
  const wanted = value === null ? false : boolean('os_hidden', value)
  return (eb) => eb('os_hidden', '=', wanted)
}

/** By visibility; without it: public and own images, and those shared with the project that it has accepted. */
function shown(visibility: string | null, memberStatus: string | null, viewer: Viewer, crowded: boolean): Condition {
  if (memberStatus !== null && !memberStatuses.includes(memberStatus)) {
    throw badRequest(`Invalid member_status '${clip(memberStatus)}': it is one of ${memberStatuses.join(', ')}.`)
  }
  const answers = memberStatus === 'all' ? undefined : [memberStatus ?? 'accepted']
  const { projectId } = viewer
  const own: Condition = (eb) => (projectId === null ? eb.lit(false) : eb('owner_id', '=', projectId))
  const shared: Condition = (eb) => (projectId === null ? eb.lit(false) : sharedWith(projectId, answers)(eb))
  if (visibility === null || visibility === 'all') {
    if (viewer.isAdmin && memberStatus === null) return (eb) => eb.lit(true)
    const open: Visibility[] = visibility === 'all' ? ['public', 'community'] : ['public']
    return (eb) => eb.or([isVisibility(eb, open, crowded), own(eb), shared(eb)])
  }
  if (!visibilities.includes(visibility as never)) throw badRequest(`Invalid visibility value: ${clip(visibility)}`)
  if (visibility !== 'shared' || (viewer.isAdmin && memberStatus === null)) return (eb) => eb('visibility', '=', visibility as never)
  return (eb) => eb.or([eb.and([eb('visibility', '=', 'shared'), own(eb)]), shared(eb)])
}

function time(name: 'created_at' | 'updated_at', value: string): Condition {
  const match = /^(?:(gt|gte|lt|lte|eq|neq):)?(\d{4}-\d\d-\d\dT.*)$/.exec(value)
  const zoned = match && (/(?:Z|[+-]\d\d:?\d\d)$/i.test(match[2]!) ? match[2]! : `${match[2]!}Z`)
  const at = zoned ? Date.parse(zoned) : Number.NaN
  if (!match || Number.isNaN(at)) throw invalid(name, value)
  const operator = comparisons[(match[1] ?? 'eq') as keyof typeof comparisons]
  // Clients see whole seconds: an image is in that second, before or behind it.
  const second = Math.floor(at / 1000) * 1000
  const from = new Date(second).toISOString()
  const to = new Date(second + 999).toISOString()
  if (operator === '=') return (eb) => eb.and([eb(name, '>=', from), eb(name, '<=', to)])
  if (operator === '!=') return (eb) => eb.or([eb(name, '<', from), eb(name, '>', to)])
  return (eb) => eb(name, operator, operator === '>' || operator === '<=' ? to : from)
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw invalid(name, value)
  return Number(value)
}

function boolean(name: string, value: string): boolean {
  const lower = value.toLowerCase()
  if (['true', '1', 't', 'on', 'y', 'yes'].includes(lower)) return true
  if (['false', '0', 'f', 'off', 'n', 'no'].includes(lower)) return false
  throw invalid(name, value)
}

/** `a,b` or `"a,b",c`: values with commas stand in quotes. */
function splitList(name: string, text: string): string[] {
  if (!/^(?:"(?:[^"\\]|\\.)*"|[^",]+)(?:,(?:"(?:[^"\\]|\\.)*"|[^",]+))*$/.test(text)) throw invalid(name, text)
  const values = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|([^",]+)/g)].map((match) =>
    match[1] === undefined ? match[2]! : match[1].replace(/\\(.)/g, '$1'),
  )
  if (values.length > 200) throw badRequest(`Too many values for ${name} filter.`)
  return values
}
