// Our declarations against today's official API descriptions: which fields answers, bodies and queries have. Each service keeps the
// facts in its `official.json`, and what differs on purpose, with the reason, in its `differences.ts`.
//
// A field is its path: `server.addresses.*[].addr` (`[]`: each item of a list; `.*`: names are the user's), and where it is not in all
// versions of its operation ` since 2.26` or ` until 2.35` behind it.
import type { Operation } from '../api/operation.ts'
import type { ServiceDeclaration } from '../api/service.ts'

export type Part = 'answer' | 'body' | 'query'
/** By method and path with the version, and the action where it is one: `POST /v2.1/servers/{server_id}/action reboot`. */
export type Official = Record<string, Partial<Record<Part, string[]>>>

export interface Difference {
  /** Keys of operations; `*` stands for anything. */
  operations: string | readonly string[]
  part: Part
  /** Fields that the official description has and we have not; `*` stands for anything. */
  missing?: readonly string[]
  /** Fields that we have and the official description has not. */
  more?: readonly string[]
  reason: string
}

interface Node {
  'x-since'?: string
  'x-until'?: string
  properties?: Record<string, Node>
  patternProperties?: Record<string, Node>
  additionalProperties?: boolean | Node
  items?: Node
  anyOf?: Node[]
  type?: string
}

interface Span {
  since?: string
  until?: string
}

/** A sentence for each field that differs and is in no difference, and for each difference that is none (any more). */
export function officialFaults(service: ServiceDeclaration, official: Official, differences: readonly Difference[]): string[] {
  const faults: string[] = []
  const ours = new Map<string, Operation[]>()
  for (const operation of service.operations)
    for (const major of operation.majors ?? service.majors.map(({ id }) => id)) {
      const key = `${operation.method} /${major}${operation.path.replace('*}', '}')}${operation.action ? ` ${operation.action}` : ''}`
      ours.set(key, [...(ours.get(key) ?? []), operation])
    }
  const used = new Set<string>()
  for (const [key, parts] of Object.entries(official)) {
    const operations = ours.get(key)
    if (!operations) {
      faults.push(`${key}: there is no such operation`)
      continue
    }
    for (const part of ['answer', 'body', 'query'] as const) {
      if (!parts[part]) continue
      const [theirs, mine] = [parts[part], fieldsOf(operations, part)]
      for (const side of ['missing', 'more'] as const) {
        const found = side === 'missing' ? without(theirs, mine) : without(mine, theirs)
        for (const field of found) {
          const entry = entryFor(differences, key, part, side, field)
          if (entry) used.add(entry)
          else faults.push(`${key}: ${part}: ${side}: ${field}`)
        }
      }
    }
  }
  for (const difference of differences)
    for (const side of ['missing', 'more'] as const)
      for (const field of difference[side] ?? [])
        if (!used.has(entryName(difference, side, field)))
          faults.push(`${String(difference.operations)}: ${difference.part}: ${side}: ${field} is listed and does not differ`)
  return faults
}

/** The fields of a part of operations that share a place, as they are written in `official.json`. */
export function fieldsOf(operations: readonly Operation[], part: Part): string[] {
  const found = new Map<string, Span[]>()
  for (const operation of operations) {
    const schema = operation[part] as Node | 'bytes' | undefined
    if (schema && schema !== 'bytes') collect(schema, '', { since: operation.since, until: operation.until }, found)
  }
  const all = [...found.values()].flat()
  const fields = [...found].map(([path, spans]) => {
    const since = all.every((span) => span.since === all[0]!.since) ? undefined : earliest(spans)
    const until = all.every((span) => span.until === all[0]!.until) ? undefined : latest(spans)
    return `${path}${since && since !== earliest(all) ? ` since ${since}` : ''}${until ? ` until ${until}` : ''}`
  })
  return fields.sort()
}

const order = (version: string) => {
  const [whole = 0, part = 0] = version.replace(/^\D+/, '').split('.').map(Number)
  return whole * 1000 + part
}

/** The first version of the earliest; undefined when one is there from the beginning. */
function earliest(spans: readonly Span[]): string | undefined {
  if (spans.some(({ since }) => since === undefined)) return undefined
  return spans.map(({ since }) => since!).sort((a, b) => order(a) - order(b))[0]
}

/** The last version of the latest; undefined when one is there to the end. */
function latest(spans: readonly Span[]): string | undefined {
  if (spans.some(({ until }) => until === undefined)) return undefined
  return spans.map(({ until }) => until!).sort((a, b) => order(b) - order(a))[0]
}

/** Adds the fields below a node; false when it has none: it is a field itself. */
function collect(node: Node, path: string, span: Span, found: Map<string, Span[]>): boolean {
  const add = (field: string, own: Span) => found.set(field, [...(found.get(field) ?? []), own])
  const own = spanOf(node, span)
  let hasFields = false
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const at = path ? `${path}.${name}` : name
    if (!collect(child, at, own, found)) add(at, spanOf(child, own))
    hasFields = true
  }
  if (node.items && collect(node.items, `${path}[]`, own, found)) hasFields = true
  for (const child of node.anyOf ?? []) if (collect(child, path, own, found)) hasFields = true
  const isMap = node.patternProperties || typeof node.additionalProperties === 'object' || (node.type === 'object' && !node.properties)
  if (isMap && path) {
    add(`${path}.*`, own)
    hasFields = true
  }
  return hasFields
}

const spanOf = (node: Node, span: Span): Span => ({ since: node['x-since'] ?? span.since, until: node['x-until'] ?? span.until })

const bare = (field: string) => field.replace(/ (since|until) .*$/, '')

/** Fields of the first list that are not in the second; what is below a place where names are free there is in it. */
function without(fields: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others)
  const open = others.map(bare).filter((field) => field.endsWith('.*'))
  return fields.filter((field) => {
    if (known.has(field)) return false
    return !open.some((place) => bare(field).startsWith(place.slice(0, -1)) || bare(field) === place.slice(0, -2))
  })
}

const entryName = (difference: Difference, side: string, field: string) =>
  JSON.stringify([difference.operations, difference.part, side, field])

function entryFor(
  differences: readonly Difference[],
  key: string,
  part: Part,
  side: 'missing' | 'more',
  field: string,
): string | undefined {
  for (const difference of differences) {
    if (difference.part !== part || ![difference.operations].flat().some((pattern) => fits(pattern, key))) continue
    const pattern = difference[side]?.find((each) => fits(each, field))
    if (pattern !== undefined) return entryName(difference, side, pattern)
  }
  return undefined
}

/** `*` stands for any characters, also for one that is meant. */
function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const [first = '', ...rest] = parts
  if (!rest.length) return pattern === text
  if (!text.startsWith(first)) return false
  let at = first.length
  const last = rest.pop()!
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}
