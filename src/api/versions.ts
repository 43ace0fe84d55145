// Versions of a service in one order, majors and microversions alike, and what a field is in each of them: a schema is cut to the
// version of a request, and values go between that version's form and the newest one, which is all that handlers know.
import type { TSchema } from 'typebox'
import type { Major } from './service.ts'

/** `2.10` becomes 2010, so that versions compare as numbers. */
export function versionNumber(text: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})$/.exec(text)
  return match ? Number(match[1]) * 1000 + Number(match[2]) : Number.NaN
}

/** A field that exists from that version on: a microversion (`2.19`) or a major (`v2`). */
export const since = <S extends TSchema>(version: string, schema: S): S => ({ ...schema, 'x-since': version })
/** A field that exists up to and with that version. */
export const until = <S extends TSchema>(version: string, schema: S): S => ({ ...schema, 'x-until': version })
/** A field that had another name up to and with that version; handlers and views know the name of today. */
export const was = <S extends TSchema>(version: string, name: string, schema: S): S => ({
  ...schema,
  'x-was': { until: version, name },
})

/** The versions of a service as places on one line: v1 < v2 < v3.0 < v3.1. */
export interface VersionLine {
  /** Place of a request: by the major of its path (0 at the root) and its microversion, if it has one. */
  placeOf(major: string, microversion: string): number
  /** First place of a version as declarations write it. Throws when the service has no such version. */
  first(version: string): number
  /** Its last place: that of a major is behind all of its microversions. */
  last(version: string): number
}

const majorWidth = 1_000_000

export function versionLine(service: { name: string; majors: readonly Major[] }): VersionLine {
  const order = (id: string) => {
    const [whole = 0, part = 0] = id.replace(/^\D+/, '').split('.').map(Number)
    return whole * 1000 + part
  }
  const majors = [...service.majors].sort((a, b) => order(a.id) - order(b.id))
  const bases = new Map(majors.map(({ id }, index) => [id, (index + 1) * majorWidth]))
  function microversion(version: string): number {
    const number = versionNumber(version)
    // Declarations may look beyond the greatest version served: what ends in one that is still to come is declared already.
    const major = majors.find(
      ({ min, max }) => min && max && number >= versionNumber(min) && Math.floor(number / 1000) === Math.floor(versionNumber(max) / 1000),
    )
    if (!major) throw new Error(`${service.name} has no version '${version}'`)
    return bases.get(major.id)! + number
  }
  return {
    placeOf: (major, text) => (bases.get(major) ?? 0) + (text ? versionNumber(text) : 0),
    first: (version) => bases.get(version) ?? microversion(version),
    last: (version) => (bases.has(version) ? bases.get(version)! + majorWidth - 1 : microversion(version)),
  }
}

interface Node {
  'x-since'?: string
  'x-until'?: string
  'x-was'?: { until: string; name: string }
  properties?: Record<string, Node>
  patternProperties?: Record<string, Node>
  required?: string[]
  items?: Node
  anyOf?: Node[]
}

/** Changes a value in place. */
type Change = (value: unknown) => void

/** A schema as it is in one range of versions. */
export interface Form {
  schema: object
  /** Takes off what the version does not have, of a body that may hold anything. null: there is nothing to take off. */
  strip: Change | null
  /** Gives the fields of a body that fits `schema` their names of today. null: they have them. */
  rename: Change | null
  /** Makes an answer that version's: what it does not have is gone, what it calls otherwise is renamed. null: all is as it is. */
  cut: Change | null
}

/** The forms of a schema; each is worked out once, when a version of its range first comes. */
export interface Forms {
  at(place: number): Form
}

/** True when some field of the schema depends on the version. */
export const isVersioned = (schema: object): boolean => /"x-(?:since|until|was)"/.test(JSON.stringify(schema))

/** Throws when the schema names a version that the service does not have. */
export function formsOf(schema: object, line: VersionLine): Forms {
  if (!isVersioned(schema)) {
    const only: Form = { schema, strip: null, rename: null, cut: null }
    return { at: () => only }
  }
  const borders = [...new Set(bordersOf(schema as Node, line))].sort((a, b) => a - b)
  const made = new Map<number, Form>()
  return {
    at(place) {
      let range = 0
      while (range < borders.length && borders[range]! <= place) range++
      let form = made.get(range)
      if (!form) {
        form = formAt(schema as Node, line, place)
        made.set(range, form)
      }
      return form
    },
  }
}

const children = (node: Node): Node[] => [
  ...Object.values(node.properties ?? {}),
  ...Object.values(node.patternProperties ?? {}),
  ...(node.items ? [node.items] : []),
  ...(node.anyOf ?? []),
]

function bordersOf(node: Node, line: VersionLine): number[] {
  return [
    ...(node['x-since'] ? [line.first(node['x-since'])] : []),
    ...(node['x-until'] ? [line.last(node['x-until']) + 1] : []),
    ...(node['x-was'] ? [line.last(node['x-was'].until) + 1] : []),
    ...children(node).flatMap((child) => bordersOf(child, line)),
  ]
}

function formAt(schema: Node, line: VersionLine, place: number): Form {
  const isThere = (node: Node) =>
    !(node['x-since'] && place < line.first(node['x-since'])) && !(node['x-until'] && place > line.last(node['x-until']))
  const nameOf = (name: string, { 'x-was': former }: Node) => (former && place <= line.last(former.until) ? former.name : name)

  function cutSchema(node: Node): Node {
    const copy: Node = { ...node }
    if (node.properties) {
      const kept = Object.entries(node.properties).filter(([, child]) => isThere(child))
      copy.properties = Object.fromEntries(kept.map(([name, child]) => [nameOf(name, child), cutSchema(child)]))
      if (node.required) copy.required = kept.flatMap(([name, child]) => (node.required!.includes(name) ? [nameOf(name, child)] : []))
    }
    if (node.patternProperties)
      copy.patternProperties = Object.fromEntries(Object.entries(node.patternProperties).map(([name, child]) => [name, cutSchema(child)]))
    if (node.items) copy.items = cutSchema(node.items)
    if (node.anyOf) copy.anyOf = node.anyOf.filter(isThere).map(cutSchema)
    return copy
  }

  /** What is to be done with the values that a node describes, children first; null where nothing is. */
  function changeOf(node: Node, own: (node: Node & { properties: Record<string, Node> }) => Change[], names: typeof nameOf): Change | null {
    if (node.items) {
      const each = changeOf(node.items, own, names)
      if (!each) return null
      return (value) => {
        if (Array.isArray(value)) forEach(value, each)
      }
    }
    const changes: Change[] = []
    const within = (name: string, child: Node) => {
      const change = isThere(child) ? changeOf(child, own, names) : null
      const called = names(name, child)
      if (change) changes.push((value) => change((value as Record<string, unknown>)[called]))
    }
    for (const [name, child] of Object.entries(node.properties ?? {})) within(name, child)
    for (const child of Object.values(node.patternProperties ?? {})) {
      const change = changeOf(child, own, names)
      if (change) changes.push((value) => forEach(Object.values(value as object), change))
    }
    for (const child of node.anyOf ?? []) {
      const change = isThere(child) ? changeOf(child, own, names) : null
      if (change) changes.push(change)
    }
    if (node.properties) changes.push(...own(node as Node & { properties: Record<string, Node> }))
    if (!changes.length) return null
    return (value) => {
      if (value === null || typeof value !== 'object') return
      for (const change of changes) change(value)
    }
  }

  const strip = changeOf(
    schema,
    ({ properties }) =>
      Object.entries(properties).flatMap(([name, child]) =>
        isThere(child) ? [] : [(value: unknown) => void delete (value as Record<string, unknown>)[name]],
      ),
    nameOf,
  )
  const rename = changeOf(
    schema,
    ({ properties }) =>
      renamed(properties).map(([name, former]) => (value) => {
        const fields = value as Record<string, unknown>
        if (!Object.hasOwn(fields, former)) return
        fields[name] = fields[former]
        delete fields[former]
      }),
    nameOf,
  )
  // An answer is made for one request: a field that is set to undefined is not written, and costs less than one that is deleted.
  const cut = changeOf(
    schema,
    ({ properties }) => {
      const gone = Object.entries(properties).flatMap(([name, child]) => (isThere(child) ? [] : [name]))
      const others = renamed(properties)
      return [
        ...gone.map((name) => (value: unknown) => {
          if ((value as Record<string, unknown>)[name] !== undefined) (value as Record<string, unknown>)[name] = undefined
        }),
        ...others.map(([name, former]) => (value: unknown) => {
          const fields = value as Record<string, unknown>
          if (fields[name] === undefined) return
          fields[former] = fields[name]
          fields[name] = undefined
        }),
      ]
    },
    (name) => name,
  )
  return { schema: cutSchema(schema), strip, rename, cut }

  function renamed(properties: Record<string, Node>): [name: string, former: string][] {
    return Object.entries(properties).flatMap(([name, child]): [string, string][] => {
      const called = nameOf(name, child)
      return isThere(child) && called !== name ? [[name, called]] : []
    })
  }
}

function forEach(values: unknown[], change: Change): void {
  for (const value of values) change(value)
}

/** The schema without its refusal of fields that it does not name, all the way down. */
export function opened<S extends object>(schema: S): S {
  const open = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(open)
    if (part === null || typeof part !== 'object') return part
    // Where names follow a pattern they are data, and others stay refused.
    const closed = 'patternProperties' in part
    const entries = Object.entries(part).filter(([name, value]) => closed || !(name === 'additionalProperties' && value === false))
    return Object.fromEntries(entries.map(([name, value]) => [name, open(value)]))
  }
  return open(schema) as S
}

/** The schema with a refusal of fields that it does not name wherever it names some: what an answer is checked against. */
export function closed<S extends object>(schema: S): S {
  const close = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(close)
    if (part === null || typeof part !== 'object') return part
    const made = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, close(value)]))
    const isOpen = 'additionalProperties' in part || 'patternProperties' in part
    return 'properties' in part && typeof part.properties === 'object' && !isOpen ? { ...made, additionalProperties: false } : made
  }
  return close(schema) as S
}
