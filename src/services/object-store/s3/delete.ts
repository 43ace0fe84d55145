// Removal of keys and of versions, one or many, with the parts of which they were made.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Reply, reply } from '../../../api/operation.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { removeNames } from '../bulk/delete.ts'
import { lockContainer } from '../containers/store.ts'
import { readManifest, type Segment } from '../large-objects/manifest.ts'
import { mayRestore } from '../objects/change.ts'
import type { Scope } from '../objects/scope.ts'
import { findObject, type StoredObject } from '../objects/store.ts'
import { findVersion, removeKeeping, removeVersion, uncoverNewest } from '../objects/versions.ts'
import { nextTimestamp } from '../timestamps.ts'
import { smallBody } from './body.ts'
import { accountOf, bucketOf, segmentsSuffix, tag, xmlReply } from './buckets.ts'
import { fault } from './faults.ts'
import { isVersionId, scopeOf } from './objects.ts'
import type { Signed } from './signature.ts'
import { childText, parseXml } from './xml.ts'

interface Removed {
  /** The version that was removed, or that marks the removal; null where none are kept. */
  version: string | null
  /** A mark of removal was made, or was what was removed. */
  marker: boolean
}

/** The parts of a multipart object, which go with it. */
const partsOf = (manifest: Segment[], bucket: string) =>
  manifest.map(({ name }) => name).filter((name) => name.startsWith(`/${bucket}${segmentsSuffix}/`))

/** Removes the parts of what was replaced or removed for good. */
export async function dropParts(context: BaseContext, signed: Signed, bucket: string, manifest: Segment[]): Promise<void> {
  const names = partsOf(manifest, bucket).map((name) => name.split('/').map(encodeURIComponent).join('/'))
  if (names.length) await removeNames(context, accountOf(signed), names)
}

/** The manifest of a row that is about to go, for `dropParts`. */
export const manifestOf = async (cloud: Cloud, db: Db, row: StoredObject | undefined): Promise<Segment[]> =>
  row?.kind === 'slo' ? readManifest(cloud, row, db) : []

/** Removes the key, or one version of it. What is not there is as good as removed. */
async function removeKey(context: BaseContext, signed: Signed, scope: Scope, version: string | null): Promise<Removed> {
  const { cloud } = context
  const { object, container: bucket } = scope.place
  if (version !== null && !isVersionId(version)) throw fault('InvalidArgument', 'Invalid version id specified')
  let manifest: Segment[] = []
  const removed = await cloud.database.write(async (tx): Promise<Removed> => {
    const container = await lockContainer(tx, cloud, scope.container.id)
    if (version !== null) {
      const row = await findVersion(tx.db, container.id, object, version)
      if (!row) return { version, marker: false }
      manifest = await manifestOf(cloud, tx.db, row)
      await removeVersion(tx, cloud, container, object, version)
      await uncoverNewest(tx, container, object)
      return { version, marker: row.kind === 'marker' }
    }
    const old = await findObject(tx.db, container.id, object)
    await mayRestore(context, tx.db, scope, container)
    if (old && !old.version_id && !container.metadata['x-versions-enabled']) manifest = await manifestOf(cloud, tx.db, old)
    const id = await removeKeeping(tx, cloud, container, old, object, nextTimestamp(cloud.environment.clock), true)
    return { version: id, marker: id !== null }
  })
  await dropParts(context, signed, bucket, manifest)
  return removed
}

export async function deleteObjectS3(context: BaseContext, signed: Signed, bucket: string, key: string): Promise<Reply> {
  const scope = await scopeOf(context, signed, bucket, key, 'write')
  const { version, marker } = await removeKey(context, signed, scope, context.rawQuery.get('versionId'))
  const headers: Record<string, string> = {}
  if (version !== null) headers['x-amz-version-id'] = version
  if (marker) headers['x-amz-delete-marker'] = 'true'
  return reply({ status: 204, headers })
}

/** POST ?delete: many keys at once. */
export async function deleteKeys(context: BaseContext, signed: Signed, bucket: string): Promise<Reply> {
  await bucketOf(context, signed, bucket)
  const root = parseXml(await smallBody(context, signed, 2_097_152))
  const wanted = root.children
    .filter((child) => child.name === 'Object')
    .map((child) => ({ key: child.children.find(({ name }) => name === 'Key')?.text, version: childText(child, 'VersionId') ?? null }))
  if (root.name !== 'Delete' || !wanted.length || wanted.length > 1000 || wanted.some(({ key }) => !key)) throw fault('MalformedXML')
  const quiet = childText(root, 'Quiet') === 'true'
  const results: string[] = []
  for (const { key, version } of wanted as { key: string; version: string | null }[]) {
    const named = tag('Key', key) + (version === null ? '' : tag('VersionId', version))
    try {
      const removed = await removeKey(context, signed, await scopeOf(context, signed, bucket, key, 'write'), version)
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
