// The object that a path names and what its asker may do: the same first steps for all methods.
import { Fault } from '../../../api/faults.ts'
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

/**
 * Finds the container and decides. Throws 401, 403 before 404: nobody learns of containers that are not open to him. `method` is what is done
 * to the object where the request as a whole has another one.
 */
export async function objectScope(context: BaseContext & { params: Place }, need: Need, method?: string): Promise<Scope> {
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
  const temp = await checkTempUrl(context, account, row, container, object, method)
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
  return ownAccess(context, other.account, true) !== null || allowedByLists(context, other.account, 'read', other.metadata)
}

/** True when what opened `scope` opens reading in all of its account, also what is not there. */
export const mayReadAll = (context: BaseContext, { temp, container }: Pick<Scope, 'temp' | 'container'>): boolean =>
  temp ? temp.scope === 'account' : ownAccess(context, container.account, true) !== null

/** What opened an object for reading, and how many manifests and links have led from there to here. */
export type Opened = Pick<Scope, 'temp' | 'container'> & { depth?: number }

/** What is received for the object that a request writes. */
export const destinationOf = ({ container, place, access }: Scope) => ({ container, name: place.object, reseller: access.reseller })

const maxDepth = 10

/** Throws 499 when nobody hears the answer any more: long work asks now and then. */
export function heard({ request }: BaseContext): void {
  // Work of our own has no request.
  if (request?.socket.destroyed) throw new Fault(499, 'Client Disconnect')
}

/** One manifest further: of all kinds together there are at most ten, with the links between them, of which each has its own limit. Throws 409. */
export function deeper(context: BaseContext, opened: Opened, container: Container): Opened {
  heard(context)
  const depth = (opened.depth ?? 0) + 1
  if (depth >= maxDepth) throw new Fault(409, 'There was a conflict when trying to complete your request.')
  return { temp: opened.temp, container, depth }
}
