// The reference of 2015 prints some paths with an extension's name in them; clients use other ones. Both are served.
import type { Operation } from '../../api/operation.ts'

/** The same operation at another path; `catalog` is the reference's id of that one. */
export const alsoAt = (operation: Operation, path: string, ...catalog: string[]): Operation => ({
  ...operation,
  id: `${operation.id}@${path}`,
  path,
  catalog,
})
