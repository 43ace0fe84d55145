// Names of files and folders of the repository in documents and comments: each is there. What was renamed is renamed in what is said of it.
import { posix } from 'node:path'

/** Files that are not the repository's: settings of users, what guests read, addresses that end so, other programs' sources. */
const others = new Set(
  `clouds.yaml nephos.yaml policy.yaml federation.yaml directory.yaml image-stores.yaml object-store.yaml meta_data.json network_data.json
  vendor_data.json openstack/latest/meta_data.json servers.json docs/interop/qcow2.txt ../shared/api`.split(/\s+/),
)
const folders = 'src|docs|scripts|bench|migrations|openapi|bin|data|guest-image'
const token = new RegExp(
  `(?<![\\w@:/.*-])(?:(?:\\.{1,2}/|(?:${folders})/)[\\w./{}*-]+|[\\w-][\\w./-]*\\.(?:ts|mts|mjs|md|json|yaml|svg))(?![\\w*{(])`,
  'g',
)

/** The lines of a file that are prose: all of a document, comments of a program. */
function prose(path: string, source: string): [line: number, text: string][] {
  const lines = source.split('\n').map((text, index): [number, string] => [index + 1, text])
  if (path.endsWith('.md')) {
    let isCode = false
    return lines.filter(([, text]) => {
      if (text.startsWith('```')) isCode = !isCode
      return !isCode
    })
  }
  return lines.flatMap(([line, text]): [number, string][] => {
    const comment = /(?:^|\s)\/\/\s(.*)$|^\s*(?:\/\*)?\*+\s?(.*)$/.exec(text)
    return comment ? [[line, comment[1] ?? comment[2] ?? '']] : []
  })
}

/** `files`: all paths of the repository. Gives `path:line: sentence` for each name that is none of theirs. */
export function fileNameFaults(path: string, source: string, files: ReadonlySet<string>): string[] {
  const names = namesOf(files)
  return prose(path, source).flatMap(([line, text]) =>
    [...text.matchAll(token)].flatMap(([found]) => {
      const name = found.replace(/[.,;:]+$/, '').replace(/\/$/, '')
      const isPattern = /[*{}]|[A-Z]{3,}|\.\.\.|^(?:x|ID)\./.test(name) && !/^[A-Z]+\.md$/.test(name)
      if (isPattern || others.has(name) || isThere(name, path, names)) return []
      return [`${path}:${line}: there is no ${name}`]
    }),
  )
}

const known = new WeakMap<ReadonlySet<string>, Set<string>>()

/** Every ending of a path at a slash, and every folder: `servers/stop.ts` is enough where the folder above is plain. */
function namesOf(files: ReadonlySet<string>): Set<string> {
  let names = known.get(files)
  if (names) return names
  names = new Set()
  for (const file of files) {
    const parts = file.split('/')
    for (let from = 0; from < parts.length; from++)
      for (let to = from + 1; to <= parts.length; to++) names.add(parts.slice(from, to).join('/'))
  }
  known.set(files, names)
  return names
}

function isThere(name: string, path: string, names: ReadonlySet<string>): boolean {
  if (!name.startsWith('.')) return names.has(name)
  const target = posix.join(posix.dirname(path), name)
  // A comment may write an import as other files do, which lie elsewhere.
  return names.has(target) || names.has(name.replace(/^(?:\.{1,2}\/)+/, ''))
}
