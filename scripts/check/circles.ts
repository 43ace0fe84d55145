// Folders of a part of the program that depend on each other in a circle: none can be understood, tested or taken out alone.
import { importsOf } from './boundaries.ts'

/** Parts whose folders are looked at: each service, and each folder of `src` but those of the services. */
const partOf = (path: string): string | undefined => /^(?:src\/services\/[^/]+|src\/(?!services\/)[^/]+)(?=\/)/.exec(path)?.[0]

/** The folder, or the file that lies in the part itself. */
function placeOf(path: string): string | undefined {
  const part = partOf(path)
  return part && `${part}/${path.slice(part.length + 1).split('/')[0]}`
}

export interface Circle {
  /** Folders and files, sorted. */
  places: string[]
  /** `path:line` of every import from one of them to another, by `from → to`. */
  imports: Map<string, string[]>
}

/** The circles among the places of each part; types may be imported anywhere, and tests import anything. */
export function circlesOf(files: ReadonlyMap<string, string>): Circle[] {
  const edges = new Map<string, Map<string, string[]>>()
  for (const [path, source] of files) {
    const from = placeOf(path)
    if (!from || path.endsWith('.test.ts') || path.startsWith('src/testing/')) continue
    for (const { target, typeOnly, line } of importsOf(path, source)) {
      const to = placeOf(target)
      if (typeOnly || !to || to === from || partOf(target) !== partOf(path)) continue
      const of = edges.get(from) ?? new Map<string, string[]>()
      of.set(to, [...(of.get(to) ?? []), `${path}:${line}`])
      edges.set(from, of)
    }
  }
  return components(edges).map((places) => {
    const imports = new Map<string, string[]>()
    for (const from of places) for (const [to, at] of edges.get(from)!) if (places.includes(to)) imports.set(`${from} → ${to}`, at)
    return { places: places.sort(), imports }
  })
}

/** Strongly connected components of more than one node (Tarjan). */
function components(edges: ReadonlyMap<string, ReadonlyMap<string, unknown>>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  function visit(node: string): void {
    index.set(node, index.size)
    low.set(node, index.get(node)!)
    stack.push(node)
    for (const next of edges.get(node)?.keys() ?? []) {
      if (!index.has(next)) visit(next)
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!))
    }
    if (low.get(node) !== index.get(node)) return
    const members = stack.splice(stack.indexOf(node))
    if (members.length > 1) found.push(members)
  }
  for (const node of edges.keys()) if (!index.has(node)) visit(node)
  return found
}

/**
 * What is still to be taken apart: places of `src` that may be in a circle. The list only gets shorter; a place that is in none any more is
 * to be taken out of it.
 */
export const stillInCircles: readonly string[] = [
  ...['access', 'accounts', 'bulk', 'containers', 'forms', 'large-objects', 'listing', 'objects', 'storage', 'sync', 'web'].map(
    (name) => `services/object-store/${name}`,
  ),
  ...[
    'application-credentials',
    'assignments',
    'bootstrap.ts',
    'catalog.ts',
    'credentials',
    'delegations',
    'domain-config',
    'domains',
    'endpoint-filter',
    'endpoint-templates',
    'federation',
    'groups',
    'ldap',
    'limits',
    'oauth1',
    'policies',
    'projects',
    'roles',
    'service-catalog',
    'tokens',
    'trusts',
    'users',
    'v2.0',
  ].map((name) => `services/identity/${name}`),
]

/** A sentence for each circle with a place that is not allowed in one, and for each allowed place that is in none. */
export function circleFaults(files: ReadonlyMap<string, string>, allowed: readonly string[] = stillInCircles): string[] {
  const circles = circlesOf(files)
  const inOne = new Set(circles.flatMap(({ places }) => places))
  const known = new Set(allowed.map((place) => `src/${place}`))
  return [
    ...circles.flatMap(({ places, imports }) => {
      if (places.every((place) => known.has(place))) return []
      // The import that is alone is most likely the one that closes it.
      const [way, at] = [...imports].sort(([, a], [, b]) => a.length - b.length)[0]!
      return [`${at[0]}: closes a circle of ${places.join(', ')} (${way}); types may be imported`]
    }),
    ...[...known].filter((place) => !inOne.has(place)).map((place) => `${place} is in no circle any more: take it out of stillInCircles`),
  ]
}
