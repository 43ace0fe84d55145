// PUT with `version-id`: an older version becomes what a plain GET finds.
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import { denied, ownAccess } from '../access/authorize.ts'
import { lockContainer } from '../containers/store.ts'
import { plain } from '../limits.ts'
import { httpDate } from '../timestamps.ts'
import { objectMissing } from './get.ts'
import type { Scope } from './scope.ts'
import { checkVersion, isVersioned, promote, unversioned, versionName } from './versions.ts'

/** Answers 201; the version keeps its id and its bytes are not copied. Throws 400 for bodies and bad ids, 401 or 403 for who does not own the account, 404. */
export async function restoreVersion(context: BaseContext, scope: Scope): Promise<Reply> {
  const { cloud, headers } = context
  const version = context.rawQuery.get('version-id')!
  // What was replaced or removed is no longer there for those whom a list lets in: only who may read it puts it back before all others.
  if (ownAccess(context, scope.place.account, false) === null) throw denied(context, scope.place.account)
  checkVersion(scope.container, version)
  if (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined)
    throw plain(400, 'PUT of an object version must have a zero byte body')
  const row = await context.write(async (tx) => {
    const container = await lockContainer(tx, cloud, scope.container.id)
    if (!isVersioned(container)) throw unversioned()
    const made = await promote(tx, cloud, container, scope.place.object, version)
    if (!made) throw objectMissing()
    return made
  })
  return reply({
    status: 201,
    headers: {
      etag: row.etag,
      'last-modified': httpDate(row.changed_at),
      'x-object-version-id': versionName(row.version_id),
      'content-type': 'text/html; charset=UTF-8',
    },
  })
}
