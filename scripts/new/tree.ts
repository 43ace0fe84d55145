// What a scaffold has to know of the tree that it is made in, read from its files.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { CatalogOperation } from '../generate/coverage.ts'

/** A request that cannot be met, with the reason. */
export class NewFault extends Error {}

export interface Tree {
  /** Paths are relative to it. */
  root: string
  has(path: string): boolean
  read(path: string): string
}

export const treeAt = (root: string): Tree => ({
  root,
  has: (path) => existsSync(join(root, path)),
  read: (path) => readFileSync(join(root, path), 'utf8'),
})

export interface Place {
  service: string
  resource: string
  folder: string
}

/** `compute/servers`. Throws NewFault where there is no such service, and no such folder unless it is to be made. */
export function placeIn(tree: Tree, text: string, isNew: boolean): Place {
  const [service = '', resource = '', ...rest] = text.split('/')
  if (!/^[a-z][a-z0-9-]*$/.test(resource) || rest.length) throw new NewFault(`${text}: write SERVICE/RESOURCE, as compute/servers`)
  serviceIn(tree, service)
  const folder = `src/services/${service}/${resource}`
  if (!isNew && !tree.has(folder)) throw new NewFault(`there is no folder ${folder}: make it first (npm run new -- resource ${text})`)
  return { service, resource, folder }
}

export interface ServiceFacts {
  /** Its newest version, as in paths: `v2.1`. */
  major: string
  /** Name in the header of microversions, where it has those. */
  microversions: string | undefined
}

/** What a service's index says. Throws NewFault where there is no such service. */
export function serviceIn(tree: Tree, name: string): ServiceFacts {
  const path = `src/services/${name}/index.ts`
  if (!/^[a-z][a-z0-9-]*$/.test(name) || !tree.has(path))
    throw new NewFault(`there is no service ${name || '(none)'}: there are ${serviceNames(tree).join(', ')}`)
  const source = tree.read(path)
  const major = /majors: \[\s*\{ id: '([^']+)'/.exec(source)?.[1] ?? /id: '(v[\d.]+)'/.exec(source)?.[1]
  return { major: major ?? 'v1', microversions: /microversions: \{ type: '([^']+)'/.exec(source)?.[1] }
}

const serviceNames = ({ root }: Tree): string[] =>
  globSync('src/services/*/index.ts', { cwd: root })
    .map((path) => path.split('/')[2]!)
    .sort()

export interface ResourceFacts {
  /** As its file exports it. */
  name: string
  param: string
  /** Whether it says where one of them is, which actions need. */
  hasPath: boolean
}

/** The resources that a folder declares. */
export function resourcesIn(tree: Tree, folder: string): ResourceFacts[] {
  const path = `${folder}/resource.ts`
  if (!tree.has(path)) return []
  return [...tree.read(path).matchAll(/^export const (\w+) = resource\(\{([\s\S]*?)^\}\)/gm)].map(([, name, body]) => ({
    name: name!,
    param: /\bparam: '(\w+)'/.exec(body!)?.[1] ?? '',
    hasPath: /^ {2}path: /m.test(body!),
  }))
}

/** How lists of a service are written: the declaration, and its file as a resource imports it. Throws NewFault where it has none. */
export function listStyleIn(tree: Tree, service: string): { style: string; styleFile: string } {
  const folder = `src/services/${service}`
  const files = globSync(['*.ts', '*/*.ts'], { cwd: join(tree.root, folder) })
  files.sort((a, b) => a.split('/').length - b.split('/').length || a.localeCompare(b))
  for (const file of files) {
    const style = /^export const (\w+): ListStyle\b/m.exec(tree.read(posix.join(folder, file)))?.[1]
    if (style) return { style, styleFile: `../${file}` }
  }
  throw new NewFault(`${service} declares no ListStyle (src/api/listing.ts): its lists are written in a way of their own`)
}

/** An operation of the reference, with its path below version and project. Throws NewFault for an id that is none. */
export function catalogEntry(tree: Tree, id: string): CatalogOperation {
  const all = JSON.parse(tree.read('data/operations.json')) as CatalogOperation[]
  const found = all.find((one) => one.id === id)
  if (!found) {
    const near = all.filter((one) => one.id.endsWith(`.${id.split('.').at(-1)}`)).map((one) => one.id)
    throw new NewFault(`data/operations.json has no ${id}${near.length ? `; it has ${near.slice(0, 5).join(', ')}` : ''}`)
  }
  return { ...found, path: found.path.replace(/^\/v[\d.]+(?=\/|$)/, '').replace(/^\/\{(?:tenant|project)_id\}(?=\/)/, '') || '/' }
}
