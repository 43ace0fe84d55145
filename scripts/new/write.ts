// Templates to files. A template is the file as it will be, with names in double braces; a line with a name that has no value is left out.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { NewFault, type Tree } from './tree.ts'

export type Values = Record<string, string | number | undefined>

/** Throws where the template has a name that `values` does not know. */
export function render(template: string, values: Values): string {
  const name = /\{\{([\w-]+)\}\}/g
  return template
    .split('\n')
    .filter((line) => [...line.matchAll(name)].every(([, key]) => isKnown(values, key!) && values[key!] !== undefined))
    .map((line) => line.replace(name, (_, key: string) => String(values[key])))
    .map(sorted)
    .join('\n')
}

/** An import with its names in order, which depends on what they are. */
function sorted(line: string): string {
  return line.replace(/^import \{ (.+) \} from/, (_, names: string) => `import { ${names.split(', ').sort(byName).join(', ')} } from`)
}

/** Letter by letter, the large one of a letter before the small one. */
function byName(a: string, b: string): number {
  const key = (name: string) => [...name.replace(/^type /, '')].map((letter) => letter.toLowerCase() + letter).join('')
  return key(a) < key(b) ? -1 : 1
}

function isKnown(values: Values, key: string): true {
  if (!Object.hasOwn(values, key)) throw new Error(`a template has {{${key}}}, which nothing gives`)
  return true
}

/** Writes files from the templates of a kind; throws NewFault, and writes none, when one of them is there. */
export function writeAll(tree: Tree, kind: string, files: readonly (readonly [template: string, path: string])[], values: Values): void {
  const there = files.map(([, path]) => path).filter((path) => tree.has(path))
  if (there.length) throw new NewFault(`${there.join(', ')}: already there`)
  const texts = files.map(([name, path]) => {
    const template = readFileSync(join(import.meta.dirname, 'templates', kind, `${name}.txt`), 'utf8')
    return [join(tree.root, path), render(template, values)] as const
  })
  for (const [path, text] of texts) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
