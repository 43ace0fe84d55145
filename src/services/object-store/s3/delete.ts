// Removal of keys and of versions, one or many, with the parts of which they were made.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import type { Tx } from '../../../db/database.ts'
import { lockContainer } from '../containers/store.ts'
import type { Segment } from '../large-objects/manifest.ts'
import { mayRestore } from '../objects/change.ts'
import { findObject, type StoredObject } from '../objects/store.ts'
import { findVersion, removeKeeping, removeVersion, uncoverNewest } from '../objects/versions.ts'
import { nextTimestamp } from '../timestamps.ts'
import { tag, xmlReply } from './answers.ts'
import { smallBody } from './body.ts'
import { checkRemoval, type RemovalConditions, removalConditions } from './conditions.ts'
import { fault } from './faults.ts'
import { dropParts, manifestOf } from './parts.ts'
import { checkKey, checkMayKnow, isVersionId, scopeOf, type WriteScope } from './scope.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml } from './xml.ts'

interface Removed {
  /** The version that was removed, or that marks the removal; null where none are kept. */
  version: string | null
  /** A mark of removal was made, or was what was removed. */
  marker: boolean
}

/** The mark of removal that stands before all versions of a name without a present object. */
const markerOf = (tx: Tx, containerId: number, name: string): Promise<StoredObject | undefined> =>
  tx.db
    .selectFrom('object_store_versions')
    .selectAll()
    .where('container_id', '=', containerId)
    .where('name', '=', name)
    .where('kind', '=', 'marker')
    .orderBy('made_at', 'desc')
    .limit(1)
    .executeTakeFirst()

/** Removes the key, or one version of it, if it is as was asked for. What is not there is as good as removed. */
async function removeKey(context: BaseContext, scope: WriteScope, version: string | null, asked: RemovalConditions): Promise<Removed> {
  const { cloud } = context
  const { object } = scope.place
  if (version !== null && !isVersionId(version)) throw fault('InvalidArgument', 'Invalid version id specified')
  if (version !== null && scope.by !== 'account') throw fault('AccessDenied')
  let manifest: Segment[] = []
  const removed = await cloud.database.write(async (tx): Promise<Removed> => {
    const container = await lockContainer(tx, cloud, scope.container.id)
    if (version !== null) {
      const row = await findVersion(tx.db, container.id, object, version)
      if (!row) return { version, marker: false }
      checkRemoval(asked, row)
      manifest = await manifestOf(cloud, tx.db, row)
      await removeVersion(tx, cloud, container, object, version)
      await uncoverNewest(tx, container, object)
      return { version, marker: row.kind === 'marker' }
    }
    const old = await findObject(tx.db, container.id, object)
    if (Object.values(asked).some((value) => value !== undefined)) {
      checkMayKnow(context, container, old)
      const there = old ?? (await markerOf(tx, container.id, object))
      // Asked for as it was, and never there: not even a mark is made.
      if (!there) return { version: null, marker: false }
      checkRemoval(asked, there)
    }
    await mayRestore(context, tx.db, scope, container)
    if (old && !old.version_id && !container.metadata['x-versions-enabled']) manifest = await manifestOf(cloud, tx.db, old)
    const id = await removeKeeping(tx, cloud, container, old, object, nextTimestamp(cloud.environment.clock), true)
    return { version: id, marker: id !== null }
  })
  await dropParts(context, scope.container, manifest)
  return removed
}

export async function deleteObject(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key)
  const { version, marker } = await removeKey(context, scope, context.rawQuery.get('versionId'), removalConditions(context))
  const headers: Record<string, string> = {}
  if (version !== null) headers['x-amz-version-id'] = version
  if (marker) headers['x-amz-delete-marker'] = 'true'
  return reply({ headers })
}

const mostKeys = 1000

interface Wanted {
  key: string
  version: string | null
  conditions: RemovalConditions
}

/** The keys that the body of POST ?delete names. Throws MalformedXML. */
async function wantedKeys(text: string): Promise<{ keys: Wanted[]; quiet: boolean }> {
  const root = await parseXml(text, mostKeys * 8 + 2)
  const keys = root.children
    .filter((child) => child.name === 'Object')
    .map((child) => ({
      key: child.children.find(({ name }) => name === 'Key')?.text ?? '',
      version: childText(child, 'VersionId') ?? null,
      conditions: { etag: childText(child, 'ETag'), modified: childText(child, 'LastModifiedTime'), size: childText(child, 'Size') },
    }))
  if (root.name !== 'Delete' || !keys.length || keys.length > mostKeys || keys.some(({ key }) => !key)) throw fault('MalformedXML')
  return { keys, quiet: childText(root, 'Quiet')?.toLowerCase() === 'true' }
}

/** POST ?delete: many keys at once. */
export async function deleteKeys(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, '')
  const { keys, quiet } = await wantedKeys(await smallBody(context, signed, 2_097_152))
  const results: string[] = []
  for (const { key, version, conditions } of keys) {
    const named = tag('Key', key) + (version === null ? '' : tag('VersionId', version))
    try {
      checkKey(key)
      const removed = await removeKey(context, { ...scope, place: { ...scope.place, object: key } }, version, conditions)
      const marked = removed.marker
        ? tag('DeleteMarker', 'true') + (removed.version === null ? '' : tag('DeleteMarkerVersionId', removed.version))
        : ''
      if (!quiet) results.push(`<Deleted>${named}${marked}</Deleted>`)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const code = error.status === 403 || error.status === 401 ? 'AccessDenied' : (error.type ?? 'InternalError')
      results.push(`<Error>${named}${tag('Code', code)}${tag('Message', error.message)}</Error>`)
    }
  }
  return xmlReply('DeleteResult', results.join(''))
}
