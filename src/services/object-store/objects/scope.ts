// The object that a path names and what its asker may do: the same first steps for all methods.
import type { BaseContext } from '../../../api/operation.ts'
import { type Access, allowedByLists, authorize, type Need, ownAccess } from '../access/authorize.ts'
import { checkTempUrl, type TempUrl } from '../access/temp-url.ts'
import { containerMissing, findContainer } from '../containers/store.ts'
import { checkContainerName, checkObjectName } from '../limits.ts'
import { isSync, syncTime } from '../sync/auth.ts'
import type { Container } from '../tables.ts'
import { readAhead } from './ahead.ts'

export interface Place {
  account: string
  container: string
  object: string
}

export interface Scope {
  place: Place
  container: Container
  access: Access
  temp: TempUrl | null
  /** Set where another cloud synchronises the container: the time of what it brings or removes. */
  syncAt?: number
}

/** Finds the container and decides. Throws 401, 403 before 404: nobody learns of containers that are not open to him. */
export async function objectScope(context: BaseContext & { params: Place }, need: Need): Promise<Scope> {
  const { account, container, object } = context.params
  const ahead = readAhead(context, context.params)
  const row = ahead ? ahead.container : await findContainer(context.cloud.database.read, account, container)
  if (need === 'write' && isSync(context, row)) {
    checkObjectName(object)
    return {
      place: { account, container, object },
      container: row!,
      access: { owner: false, reseller: false },
      temp: null,
      syncAt: syncTime(context),
    }
  }
  const temp = await checkTempUrl(context, account, row, container, object)
  const access = temp ? { owner: false, reseller: false } : authorize(context, account, need, row?.metadata)
  checkContainerName(container)
  checkObjectName(object)
  if (!row) throw containerMissing()
  return { place: { account, container, object }, container: row, access, temp }
}

/** True when what opened `scope` opens reading in that other container too: for segments and targets of links. */
export function mayReadOther(context: BaseContext, scope: Pick<Scope, 'temp' | 'container'>, other: Container): boolean {
  const { temp, container } = scope
  if (temp) return other.account === container.account && (temp.scope === 'account' || other.id === container.id)
  return ownAccess(context, other.account, true) !== null || allowedByLists(context, 'read', other.metadata)
}
