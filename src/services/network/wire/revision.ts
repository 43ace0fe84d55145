import { badRequest, Fault } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'

/** `If-Match: revision_number=N`: throws 412 when the thing has been changed since. */
export function checkRevision({ headers }: Pick<BaseContext, 'headers'>, revision: number): void {
  const wanted = headers['if-match']
  if (wanted === undefined) return
  const number = /^revision_number=(\d{1,15})$/.exec(wanted.trim())
  if (!number) throw badRequest('Invalid If-Match header: it is revision_number=N.')
  if (Number(number[1]) !== revision) {
    throw new Fault(412, `Constrained to revision ${number[1]}, but actual revision is ${revision}`, {
      type: 'RevisionNumberConstraintFailed',
    })
  }
}
