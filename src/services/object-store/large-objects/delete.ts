import type { BaseContext, Reply } from '../../../api/operation.ts'
import { authorize } from '../access/authorize.ts'
import { noneRemoved, removeNames, whileHeard } from '../bulk/delete.ts'
import { reportReply } from '../bulk/report.ts'
import { findContainer } from '../containers/store.ts'
import { plain } from '../limits.ts'
import { dropObject } from '../objects/change.ts'
import { readableVersion, versionAsked } from '../objects/get.ts'
import { heard, mayReadOther, type Scope } from '../objects/scope.ts'
import { liveObject, type StoredObject } from '../objects/store.ts'
import { quote } from '../quoting.ts'
import { readManifest, splitName } from './manifest.ts'

/** DELETE with `multipart-manifest=delete`: segments first, the manifest last. */
export async function deleteSegments(context: BaseContext, scope: Scope): Promise<Reply> {
  const { cloud } = context
  const { read } = cloud.database
  // The report names segments: who may not read the manifest does not learn of them.
  authorize(context, scope.place.account, 'read', scope.container.metadata)
  const version = versionAsked(context, scope)
  const row =
    version === null
      ? await liveObject(cloud, read, scope.container.id, scope.place.object)
      : await readableVersion(context, scope, version)
  // What is there to remove is told in a report, also when that is nothing: clients read it and not the status.
  if (!row) return reportReply(context, { ...noneRemoved(), counts: { 'Number Deleted': 0, 'Number Not Found': 1 } })
  if (row.kind !== 'slo') {
    const name = quote(`/${scope.place.container}/${scope.place.object}`)
    return reportReply(context, { ...noneRemoved(), status: '400 Bad Request', errors: [[name, 'Not an SLO manifest']] })
  }
  const names = await segmentNames(context, scope, row)
  // A version of the manifest goes by its number, behind its segments.
  const report = await removeNames(context, scope.place.account, whileHeard(context, version === null ? names : names.slice(0, -1)), true)
  if (version !== null) {
    await dropObject(context, scope)
    report.counts['Number Deleted']!++
  }
  return reportReply(context, report)
}

/** Segments, and manifests among them, that one request looks at. */
const mostSegments = 10_000

/** Names, percent-encoded, of all segments, those of inner manifests before the manifest; each once. Throws 400 when there are too many. */
async function segmentNames(context: BaseContext, scope: Scope, row: StoredObject): Promise<string[]> {
  const { cloud } = context
  const { place } = scope
  const names = new Set<string>()
  const entered = new Set<string>()
  let looked = 0
  async function enter(name: string, manifest: StoredObject): Promise<void> {
    entered.add(name)
    heard(context)
    for (const segment of await readManifest(cloud, manifest)) {
      if (segment.data !== undefined) continue
      if (++looked > mostSegments) throw plain(400, 'Too many buffered slo segments to delete.')
      const inner = segment.sub_slo && !entered.has(segment.name) ? await manifestAt(context, scope, segment.name) : undefined
      if (inner) await enter(segment.name, inner)
      names.add(segment.name)
    }
  }
  const own = `/${place.container}/${place.object}`
  await enter(own, row)
  // The manifest itself goes last, also where one of its segments names it.
  names.delete(own)
  return [...names, own].map(quote)
}

/** The manifest of that name, for those who may read it. */
async function manifestAt(context: BaseContext, scope: Scope, name: string): Promise<StoredObject | undefined> {
  const { cloud } = context
  const { container, object } = splitName(name)!
  const found = await findContainer(cloud.database.read, scope.place.account, container)
  const row = found && mayReadOther(context, scope, found) && (await liveObject(cloud, cloud.database.read, found.id, object))
  return row && row.kind === 'slo' ? row : undefined
}
