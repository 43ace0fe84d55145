import type { BaseContext, Reply } from '../../../api/operation.ts'
import { noneRemoved, removeNames, whileHeard } from '../bulk/delete.ts'
import { reportReply } from '../bulk/report.ts'
import { findContainer } from '../containers/store.ts'
import { plain } from '../limits.ts'
import { dropObject } from '../objects/change.ts'
import { versionAsked } from '../objects/get.ts'
import { heard, type Scope } from '../objects/scope.ts'
import { liveObject, type StoredObject } from '../objects/store.ts'
import { findVersion } from '../objects/versions.ts'
import { quote } from '../quoting.ts'
import { readManifest, splitName } from './manifest.ts'

/** DELETE with `multipart-manifest=delete`: segments first, the manifest last. */
export async function deleteSegments(context: BaseContext, scope: Scope): Promise<Reply> {
  const { cloud } = context
  const { read } = cloud.database
  const version = versionAsked(context, scope)
  const row =
    version === null
      ? await liveObject(cloud, read, scope.container.id, scope.place.object)
      : await findVersion(read, scope.container.id, scope.place.object, version)
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
async function segmentNames(context: BaseContext, { place }: Scope, row: StoredObject): Promise<string[]> {
  const { cloud } = context
  const names = new Set<string>()
  const entered = new Set<string>()
  let looked = 0
  async function enter(name: string, manifest: StoredObject): Promise<void> {
    entered.add(name)
    heard(context)
    for (const segment of await readManifest(cloud, manifest)) {
      if (segment.data !== undefined) continue
      if (++looked > mostSegments) throw plain(400, 'Too many buffered slo segments to delete.')
      const inner = segment.sub_slo && !entered.has(segment.name) ? await manifestAt(context, place.account, segment.name) : undefined
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

async function manifestAt({ cloud }: BaseContext, account: string, name: string): Promise<StoredObject | undefined> {
  const { container, object } = splitName(name)!
  const found = await findContainer(cloud.database.read, account, container)
  const row = found && (await liveObject(cloud, cloud.database.read, found.id, object))
  return row?.kind === 'slo' ? row : undefined
}
