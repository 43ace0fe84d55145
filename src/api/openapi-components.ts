// Schemas that a document has at several places, once and by name: what reads it (a generator of clients) makes one type of each.

type Json = Record<string, unknown>

/** Objects smaller than this in JSON are left where they stand: a reference to them would not be easier to read. */
const smallest = 150

const isObjectSchema = (node: Json): boolean => node.type === 'object' && typeof node.properties === 'object'

/** A form in XML with what OpenAPI does not know of as extensions of its keyword; a field may be called `xml` too. */
function xmlKeyword(form: unknown): unknown {
  const isField = form === null || typeof form !== 'object' || 'type' in form || 'anyOf' in form
  if (isField) return form
  return Object.fromEntries(Object.entries(form).map(([key, value]) => [standard.has(key) ? key : `x-${key}`, value]))
}
const standard = new Set(['name', 'namespace', 'attribute', 'wrapped'])

/** `security_group_rules` becomes `SecurityGroupRules`. */
const typeName = (text: string): string =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('') || 'Schema'

const singular = (name: string): string =>
  name.endsWith('ies')
    ? `${name.slice(0, -3)}y`
    : name.endsWith('sses')
      ? name.slice(0, -2)
      : /[^s]s$/.test(name)
        ? name.slice(0, -1)
        : name

/** `paths` with references in place of what stands there more than once, and what they refer to. */
export function withComponents(paths: Json): { paths: Json; schemas: Json } {
  const seen = new Map<string, { count: number; hint: string }>()
  // What stands within something repeated counts there only.
  walk(paths, '', (node, hint) => {
    const text = JSON.stringify(node)
    if (text.length < smallest) return true
    const known = seen.get(text)
    if (known) known.count++
    else seen.set(text, { count: 1, hint })
    return !known
  })
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const [text, { count, hint }] of seen) {
    if (count < 2) continue
    const base = typeName(hint)
    let name = base
    for (let number = 2; taken.has(name); number++) name = `${base}${number}`
    taken.add(name)
    names.set(text, name)
  }
  const replaced = (node: unknown, isTop = false): unknown => {
    if (Array.isArray(node)) return node.map((each) => replaced(each))
    if (node === null || typeof node !== 'object') return node
    const name = !isTop && isObjectSchema(node as Json) ? names.get(JSON.stringify(node)) : undefined
    if (name) return { $ref: `#/components/schemas/${name}` }
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, key === 'xml' ? xmlKeyword(value) : replaced(value)]))
  }
  const schemas = [...names].map(([text, name]): [string, unknown] => [name, replaced(JSON.parse(text), true)])
  return { paths: replaced(paths) as Json, schemas: Object.fromEntries(schemas.sort(([a], [b]) => a.localeCompare(b))) }
}

/** Calls `visit` with every schema of an object and with what it is called where it stands; it says whether to go on within. */
function walk(node: unknown, hint: string, visit: (node: Json, hint: string) => boolean): void {
  if (Array.isArray(node)) for (const each of node) walk(each, hint, visit)
  if (node === null || typeof node !== 'object' || Array.isArray(node)) return
  const of = node as Json
  const own = typeof of.operationId === 'string' ? of.operationId : hint
  if (isObjectSchema(of) && !visit(of, own)) return
  for (const [key, value] of Object.entries(of)) {
    if (key === 'properties') for (const [name, schema] of Object.entries(value as Json)) walk(schema, name, visit)
    else walk(value, key === 'items' ? singular(own) : own, visit)
  }
}
