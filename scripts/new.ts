// npm run new: writes the first files of an operation, an action, a resource ... in the shape that all others have, and says what comes next.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { kinds, type NewKind, type Options, type Scaffold } from './new/kinds.ts'
import { NewFault, treeAt } from './new/tree.ts'
import { writeAll } from './new/write.ts'

const root = join(import.meta.dirname, '..')
const text = { type: 'string' } as const

function help(only?: [string, NewKind]): string {
  const shown = only ? [only] : Object.entries(kinds)
  return [
    'usage: npm run new -- KIND NAMES [options]',
    '',
    ...shown.flatMap(([name, { usage, summary }]) => [`  ${name} ${usage}`, `      ${summary}; docs/checklists/${name}.md`]),
    '',
    'New files only: what lists them is changed by hand, as it is told at the end. PATH is below the version: /flavors/{flavor_id}.',
  ].join('\n')
}

/** Line breaks as the project has them, which templates cannot know. */
function format(paths: readonly string[]): void {
  const biome = spawnSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', ...paths], { cwd: root, encoding: 'utf8' })
  if (biome.status !== 0) throw new Error(`biome: ${biome.error?.message ?? biome.stdout + biome.stderr}`)
}

function report(kind: string, { files, next }: Scaffold): string {
  const tests = files.map(([, path]) => path).filter((path) => path.endsWith('.test.ts'))
  const steps = [...next, `npm test -- --unit ${tests.join(' ')}`, `the rest of docs/checklists/${kind}.md, then npm run check`]
  return [...files.map(([, path]) => `wrote ${path}`), '', 'Next:', ...steps.map((step, index) => `${index + 1}. ${step}`)].join('\n')
}

function main(): string {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, catalog: text, method: text, path: text, status: text, key: text, port: text },
  })
  const [name, ...names] = positionals
  const kind = name !== undefined && Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (values.help) return help(kind && [name!, kind])
  if (!kind) throw new NewFault(`${name === undefined ? 'say what' : `there is no kind ${name}`}\n\n${help()}`)
  if (names.length !== kind.names) throw new NewFault(help([name!, kind]))
  const scaffold = kind.make(treeAt(root), names, values as Options)
  writeAll(treeAt(root), name!, scaffold.files, scaffold.values)
  format(scaffold.files.map(([, path]) => path))
  return report(name!, scaffold)
}

try {
  console.log(main())
} catch (error) {
  const isArgument = (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
  if (!(error instanceof NewFault) && !isArgument) throw error
  console.error((error as Error).message)
  process.exitCode = 2
}
