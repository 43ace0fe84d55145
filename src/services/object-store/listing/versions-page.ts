// GET of a container with `versions`: all versions of its objects. There is no form of it but JSON.
import type { Static } from 'typebox'
import { Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { plain } from '../limits.ts'
import { heard } from '../objects/scope.ts'
import { versionName } from '../objects/versions.ts'
import type { Container } from '../tables.ts'
import { Pieces } from './pieces.ts'
import { accepts, type ListingQuery } from './query.ts'
import { jsonList, jsonOfAny } from './render.ts'
import type { VersionEntry } from './schema.ts'
import { listVersions } from './versions.ts'
import type { Folder } from './walk.ts'

/** The page; `version_marker` goes on in the middle of the name that `marker` says. Throws 400 for what versions do not have, 406 for other forms. */
export async function versionsPage(context: BaseContext, row: Container, query: ListingQuery): Promise<Pieces> {
  const { rawQuery } = context
  const form = rawQuery.get('format')
  if (form === null ? !accepts(context, 'application/json') : form.toLowerCase() !== 'json')
    throw new Fault(406, 'Versions are listed as application/json.')
  const versionMarker = rawQuery.get('version_marker')
  if (query.path !== null) throw plain(400, 'A listing of versions cannot be cut by path')
  if (versionMarker !== null && !query.marker) throw plain(400, 'version_marker param requires marker')
  if (versionMarker !== null && !/^(null|\d{1,10}\.\d{5})$/.test(versionMarker)) throw plain(400, 'invalid version_marker param')
  const asked = () => heard(context)
  const entries = query.limit ? await listVersions(context.cloud.database.read, row.id, { ...query, versionMarker }, asked) : []
  const pieces = await jsonList(
    entries,
    (entry): Static<typeof VersionEntry> | Folder => {
      if ('subdir' in entry) return entry
      return { ...jsonOfAny(row, entry), version_id: versionName(entry.version_id), is_latest: entry.latest }
    },
    asked,
  )
  return new Pieces(pieces)
}
