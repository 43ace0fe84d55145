// The HTML page of a listing. Everything that comes from users is escaped.
import { xmlText } from '../listing/render.ts'
import type { ListedObject } from '../listing/store.ts'
import type { Folder } from '../listing/walk.ts'
import { quote } from '../quoting.ts'
import { httpDate } from '../timestamps.ts'
import { bytesInTurns } from '../turns.ts'

/** A relative link. Colons are encoded, so that none is read as a scheme; `./` keeps slashes in front from leading to another host. */
const link = (name: string) => (name.startsWith('/') ? './' : '') + quote(name)
const row = (name: string, size: string, changed: string) =>
  `<tr><td><a href="${link(name)}">${xmlText(name)}</a></td><td>${size}</td><td>${changed}</td></tr>`

/** The page in pieces. `heard` throws when nobody hears the answer any more. */
export async function listingPage(
  { title, prefix, css }: { title: string; prefix: string; css: string | undefined },
  entries: (ListedObject | Folder)[],
  heard: () => void,
): Promise<Buffer[]> {
  const sheet = css
    ? `<link rel="stylesheet" type="text/css" href="${/^(https?:)?\/\//.test(css) ? xmlText(css) : '../'.repeat(prefix.split('/').length - 1) + link(css)}" />`
    : '<style type="text/css">h1 {font-size: 1em} th {text-align: left} td {padding-right: 1em}</style>'
  const rows = await bytesInTurns(
    entries,
    '\n',
    (entry) =>
      'subdir' in entry
        ? row(entry.subdir.slice(prefix.length), '', '')
        : row(entry.name.slice(prefix.length), String(entry.size), httpDate(entry.changed_at)),
    heard,
  )
  const up = prefix ? '<tr><td><a href="../">../</a></td><td></td><td></td></tr>' : ''
  const before = `<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>Listing of ${xmlText(title)}</title>${sheet}</head>
<body><h1 id="title">Listing of ${xmlText(title)}</h1>
<table id="listing"><tr id="heading"><th>Name</th><th>Size</th><th>Date</th></tr>${up}
`
  return [Buffer.from(before), ...rows, Buffer.from('\n</table></body>\n</html>\n')]
}
