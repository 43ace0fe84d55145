// What a write or a removal asks of the object that is there, decided in the transaction that changes it.
import type { BaseContext } from '../../../api/operation.ts'
import { header } from '../headers.ts'
import { condition } from '../objects/conditions.ts'
import type { StoredObject } from '../objects/store.ts'
import type { Container } from '../tables.ts'
import { lastModifiedSeconds } from '../timestamps.ts'
import { fault } from './faults.ts'
import { checkMayKnow } from './scope.ts'

type Decide = (old: StoredObject | undefined) => void

/** If-Match and If-None-Match of a PUT. */
export function onlyIf(context: BaseContext, container: Container): Decide {
  const { headers } = context
  const match = header(headers, 'if-match')
  const noneMatch = header(headers, 'if-none-match')
  return (old) => {
    // That something must not be there yet is said by whoever makes it.
    if (match !== undefined || (noneMatch !== undefined && noneMatch.trim() !== '*')) checkMayKnow(context, container, old)
    if (match !== undefined && !old) throw fault('NoSuchKey')
    if (!old) return
    if (match !== undefined && condition({ 'if-match': match }, old.etag, old.changed_at) !== 200) throw fault('PreconditionFailed')
    if (noneMatch !== undefined && condition({ 'if-none-match': noneMatch }, old.etag, old.changed_at) !== 200)
      throw fault('PreconditionFailed')
  }
}

/** What a removal asks for; undefined asks for nothing. */
export interface RemovalConditions {
  etag?: string | undefined
  modified?: string | undefined
  size?: string | undefined
}

export const removalConditions = ({ headers }: BaseContext): RemovalConditions => ({
  etag: header(headers, 'if-match'),
  modified: header(headers, 'x-amz-if-match-last-modified-time'),
  size: header(headers, 'x-amz-if-match-size'),
})

/** Throws PreconditionFailed unless the row is as it was asked for. */
export function checkRemoval({ etag, modified, size }: RemovalConditions, row: StoredObject): void {
  const marker = row.kind === 'marker'
  const fits =
    (etag === undefined || etag.trim() === '*' || (!marker && condition({ 'if-match': etag }, row.etag, row.changed_at) === 200)) &&
    (modified === undefined || Math.floor(Date.parse(modified) / 1000) === lastModifiedSeconds(row.changed_at)) &&
    (size === undefined || (!marker && Number(size) === row.size))
  if (!fits) throw fault('PreconditionFailed')
}
