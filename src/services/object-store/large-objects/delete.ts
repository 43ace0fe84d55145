import type { BaseContext, Reply } from '../../../api/operation.ts'
import { removeNames } from '../bulk/delete.ts'
import { reportReply } from '../bulk/report.ts'
import { findContainer } from '../containers/store.ts'
import { plain } from '../limits.ts'
import { objectMissing } from '../objects/get.ts'
import type { Scope } from '../objects/scope.ts'
import { liveObject, type StoredObject } from '../objects/store.ts'
import { limits, readManifest, splitName } from './manifest.ts'

/** DELETE with `multipart-manifest=delete`: segments first, the manifest last. */
export async function deleteSegments(context: BaseContext, scope: Scope): Promise<Reply> {
  const { cloud } = context
  const row = await liveObject(cloud, cloud.database.read, scope.container.id, scope.place.object)
  if (!row) throw objectMissing()
  if (row.kind !== 'slo') throw plain(400, 'Not an SLO manifest')
  const names = [
    ...new Set([...(await segmentNames(context, scope.place.account, row, 0)), `/${scope.place.container}/${scope.place.object}`]),
  ]
  return reportReply(
    context,
    await removeNames(
      context,
      scope.place.account,
      names.map((name) => name.split('/').map(encodeURIComponent).join('/')),
    ),
  )
}

/** All segments, those of inner manifests before the manifest. */
async function segmentNames(context: BaseContext, account: string, row: StoredObject, depth: number): Promise<string[]> {
  const { cloud } = context
  const names: string[] = []
  for (const segment of await readManifest(cloud, row)) {
    if (segment.data !== undefined) continue
    if (segment.sub_slo && depth < limits.depth) {
      const place = splitName(segment.name)!
      const container = await findContainer(cloud.database.read, account, place.container)
      const inner = container && (await liveObject(cloud, cloud.database.read, container.id, place.object))
      if (inner?.kind === 'slo') names.push(...(await segmentNames(context, account, inner, depth + 1)))
    }
    names.push(segment.name)
  }
  return names
}
