// Listings as text, JSON and XML, in pieces that follow each other.
import type { Static } from 'typebox'
import { storedEtag } from '../large-objects/manifest.ts'
import { linkPath } from '../objects/link-target.ts'
import { quote } from '../quoting.ts'
import type { Container } from '../tables.ts'
import { isoText } from '../timestamps.ts'
import { bytesInTurns } from '../turns.ts'
import type { Format } from './query.ts'
import type { ContainerEntry, ObjectEntry } from './schema.ts'
import type { ListedContainer, ListedObject } from './store.ts'
import type { Folder } from './walk.ts'

/** Text as it may stand in XML; characters that XML cannot hold become U+FFFD. */
export function xmlText(text: string): string {
  // Mostly there is nothing to do, and each replacement of all is far quicker than a function called for each.
  if (!/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff&<>"]/.test(text)) return text
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
const element = (name: string, value: string | number) => `<${name}>${typeof value === 'number' ? value : xmlText(value)}</${name}>`
const lines = (names: string[]) => (names.length ? `${names.join('\n')}\n` : '')
const nameOf = (entry: { name: string } | Folder) => ('subdir' in entry ? entry.subdir : entry.name)
/** Header text is kept as it came, as Latin-1. */
export const headerText = (value: string) => (/[\x80-\xff]/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value)

/** A list as JSON, in pieces. */
export const jsonList = async <Entry>(entries: Entry[], view: (entry: Entry) => unknown, heard?: () => void): Promise<Buffer[]> => [
  Buffer.from('['),
  ...(await bytesInTurns(entries, ',', (entry) => JSON.stringify(view(entry)), heard)),
  Buffer.from(']'),
]

export async function renderContainers(
  account: string,
  entries: (ListedContainer | Folder)[],
  format: Format,
  heard?: () => void,
): Promise<Buffer[]> {
  if (format === 'text') return [Buffer.from(lines(entries.map(nameOf)))]
  if (format === 'json') {
    return jsonList(
      entries,
      (entry): Static<typeof ContainerEntry> | Folder =>
        'subdir' in entry
          ? entry
          : { name: entry.name, count: entry.objects, bytes: entry.bytes_used, last_modified: isoText(entry.changed_at) },
      heard,
    )
  }
  const parts = await bytesInTurns(
    entries,
    '',
    (entry) =>
      'subdir' in entry
        ? `<subdir name="${xmlText(entry.subdir)}" />`
        : `<container>${element('name', entry.name)}${element('count', entry.objects)}${element('bytes', entry.bytes_used)}${element('last_modified', isoText(entry.changed_at))}</container>`,
    heard,
  )
  return [Buffer.from(`${declaration}<account name="${xmlText(account)}">`), ...parts, Buffer.from('</account>')]
}

/** What JSON listings tell of an object: of links where they lead, of versions by which path the very one is read. */
export function jsonObject(container: Pick<Container, 'account' | 'name'>, entry: ListedObject): Static<typeof ObjectEntry> {
  const shown: Static<typeof ObjectEntry> = jsonOfAny(container, entry)
  const { version_id } = entry
  if (version_id) {
    shown.symlink_path = `${quote(`/v1/${container.account}/${container.name}/${entry.name}`)}?version-id=${version_id}`
    shown.version_symlink = true
  }
  return shown
}

/** The same of any version, without the path. */
export function jsonOfAny({ account }: Pick<Container, 'account'>, entry: ListedObject): Static<typeof ObjectEntry> {
  const { kind, metadata } = entry
  const shown: Static<typeof ObjectEntry> = {
    bytes: entry.size,
    hash: storedEtag(entry),
    name: entry.name,
    content_type: headerText(entry.content_type),
    last_modified: isoText(entry.changed_at),
  }
  if (kind === 'slo') shown.slo_etag = `"${entry.etag}"`
  if (kind === 'link') {
    shown.symlink_path = linkPath('v1', metadata, account)
    const etag = metadata['x-symlink-target-etag']
    if (etag !== undefined) Object.assign(shown, { symlink_etag: etag, symlink_bytes: Number(metadata['x-symlink-target-bytes'] ?? 0) })
    const manifest = metadata['x-object-sysmeta-slo-etag']
    if (manifest !== undefined) shown.slo_etag = `"${manifest}"`
  }
  return shown
}

export async function renderObjects(
  container: Pick<Container, 'account' | 'name'>,
  entries: (ListedObject | Folder)[],
  format: Format,
  heard?: () => void,
): Promise<Buffer[]> {
  if (format === 'text') return [Buffer.from(lines(entries.map(nameOf)))]
  if (format === 'json') return jsonList(entries, (entry) => ('subdir' in entry ? entry : jsonObject(container, entry)), heard)
  const parts = await bytesInTurns(
    entries,
    '',
    (entry) =>
      'subdir' in entry
        ? `<subdir name="${xmlText(entry.subdir)}">${element('name', entry.subdir)}</subdir>`
        : `<object>${element('name', entry.name)}${element('hash', storedEtag(entry))}${element('bytes', entry.size)}${element('content_type', headerText(entry.content_type))}${element('last_modified', isoText(entry.changed_at))}</object>`,
    heard,
  )
  return [Buffer.from(`${declaration}<container name="${xmlText(container.name)}">`), ...parts, Buffer.from('</container>')]
}
