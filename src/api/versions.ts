// Microversions: parsing, comparing, and cutting schemas and answers to the version of a request.
import type { TSchema } from 'typebox'

/** `2.10` becomes 2010, so that versions compare as numbers. */
export function versionNumber(text: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})$/.exec(text)
  return match ? Number(match[1]) * 1000 + Number(match[2]) : Number.NaN
}

/** A field that exists from that microversion on. */
export const since = <S extends TSchema>(version: string, schema: S): S => ({ ...schema, 'x-since': version })
/** A field that exists up to and with that microversion. */
export const until = <S extends TSchema>(version: string, schema: S): S => ({ ...schema, 'x-until': version })

interface Node {
  'x-since'?: string
  'x-until'?: string
  type?: string
  properties?: Record<string, Node>
  required?: string[]
  items?: Node
  anyOf?: Node[]
}

const visible = (node: Node, version: number) =>
  !(node['x-since'] && version < versionNumber(node['x-since'])) && !(node['x-until'] && version > versionNumber(node['x-until']))

/** True when some field of the schema depends on the microversion. */
export function isVersioned(schema: object | undefined): boolean {
  return (
    (schema !== undefined && JSON.stringify(schema).includes('"x-since"')) ||
    (schema !== undefined && JSON.stringify(schema).includes('"x-until"'))
  )
}

/** The schema as it is in that version: fields that are too new or too old are gone. */
export function cutSchema<S extends object>(schema: S, version: number): S {
  const cut = (node: Node): Node => {
    const copy: Node = { ...node }
    if (node.properties) {
      copy.properties = {}
      for (const [name, child] of Object.entries(node.properties)) if (visible(child, version)) copy.properties[name] = cut(child)
      if (node.required) copy.required = node.required.filter((name) => copy.properties![name])
    }
    if (node.items) copy.items = cut(node.items)
    if (node.anyOf) copy.anyOf = node.anyOf.filter((child) => visible(child, version)).map(cut)
    return copy
  }
  return cut(schema as Node) as S
}

/** Drops from an answer the fields that its schema does not have in that version. */
export function cutValue(schema: object, value: unknown, version: number): unknown {
  const cut = (node: Node, part: unknown): unknown => {
    if (Array.isArray(part)) return node.items ? part.map((item) => cut(node.items!, item)) : part
    if (part === null || typeof part !== 'object' || !node.properties) return part
    const copy: Record<string, unknown> = {}
    for (const [name, child] of Object.entries(part)) {
      const childNode = node.properties[name]
      if (!childNode) copy[name] = child
      else if (visible(childNode, version)) copy[name] = cut(childNode, child)
    }
    return copy
  }
  return cut(schema as Node, value)
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
