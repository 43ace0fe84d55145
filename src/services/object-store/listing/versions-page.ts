// GET of a container with `versions`: all versions of its objects, as text, JSON and XML.
import type { BaseContext } from '../../../api/operation.ts'
import { plain } from '../limits.ts'
import { versionName } from '../objects/versions.ts'
import type { Container } from '../tables.ts'
import { isoText } from '../timestamps.ts'
import { bytesInTurns } from '../turns.ts'
import type { Format, ListingQuery } from './query.ts'
import { headerText, xmlText } from './render.ts'
import { listVersions } from './versions.ts'

/** The page; `version_marker` goes on in the middle of the name that `marker` says. Throws 400 for orders that versions do not have. */
export async function versionsPage(context: BaseContext, row: Container, query: ListingQuery, format: Format): Promise<Buffer> {
  const { rawQuery } = context
  const versionMarker = rawQuery.get('version_marker')
  if (query.reverse || query.path !== null) throw plain(400, 'A listing of versions can be neither reversed nor cut by path')
  if (versionMarker !== null && !query.marker) throw plain(400, 'version_marker param requires marker')
  if (versionMarker !== null && !/^(null|\d{1,10}\.\d{5})$/.test(versionMarker)) throw plain(400, 'invalid version_marker param')
  const { prefix, delimiter, marker, endMarker, limit } = query
  const entries = limit
    ? await listVersions(context.cloud.database.read, row.id, { prefix, delimiter, marker, versionMarker, endMarker, limit })
    : []
  if (format === 'text') return Buffer.from(entries.map((entry) => `${'subdir' in entry ? entry.subdir : entry.name}\n`).join(''))
  const shown = entries.map((entry) =>
    'subdir' in entry
      ? entry
      : {
          bytes: entry.size,
          hash: entry.etag,
          name: entry.name,
          content_type: headerText(entry.content_type),
          last_modified: isoText(entry.changed_at),
          version_id: versionName(entry.version_id),
          is_latest: entry.latest,
          ...(entry.kind === 'slo' && { slo_etag: `"${entry.etag}"` }),
        },
  )
  if (format === 'json') return Buffer.from(JSON.stringify(shown))
  const element = (name: string, value: unknown) => `<${name}>${xmlText(String(value))}</${name}>`
  const parts = await bytesInTurns(shown, '', (entry) =>
    'subdir' in entry
      ? `<subdir name="${xmlText(entry.subdir)}">${element('name', entry.subdir)}</subdir>`
      : `<object>${['name', 'version_id', 'is_latest', 'hash', 'bytes', 'content_type', 'last_modified'].map((name) => element(name, entry[name as keyof typeof entry])).join('')}</object>`,
  )
  const begin = `<?xml version="1.0" encoding="UTF-8"?>\n<container name="${xmlText(row.name)}">`
  return Buffer.concat([Buffer.from(begin), ...parts, Buffer.from('</container>')])
}
