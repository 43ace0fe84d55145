// Who may do it: owners of the account, those whom the container's lists name, and holders of a temporary URL.

import { Fault, forbidden, unauthorized } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { isPermitted } from '../../../auth/access-rules.ts'
import type { Who } from '../../../auth/who.ts'
import { header } from '../headers.ts'
import { quote } from '../quoting.ts'
import type { Headers } from '../tables.ts'
import { entryAllowed, parseAcl, referrerAllowed } from './acl.ts'
import { grantOf, namesCount } from './grants.ts'

/** `read` an object, `list` a container, `write` objects; `own` is the owner's alone, `own-read` his project's readers' too; `account` changes the account itself. */
export type Need = 'read' | 'list' | 'write' | 'own' | 'own-read' | 'account'

export interface Access {
  /** Sees keys and access lists. */
  owner: boolean
  reseller: boolean
}

/** What a container says about access. */
export type AccessLists = Headers

export const accountPrefix = 'AUTH_'

export function denied(context: BaseContext, account: string): Fault {
  if (context.who as Who | null) return forbidden('Access was denied to this resource.')
  const realm = quote(account.slice(0, 256))
  return new Fault(401, 'This server could not verify that you are authorized to access the document you requested.', {
    headers: { 'www-authenticate': `Swift realm="${realm}", Keystone uri="${context.cloud.endpoints.root('identity')}"` },
  })
}

/** What the token gives in that account, whatever the container says. */
export function ownAccess(context: BaseContext, account: string, reading: boolean): Access | null {
  const who = context.who as Who | null
  if (!who) return null
  if (context.allows('object-store:reseller_admin', {})) return { owner: true, reseller: true }
  const grant = grantOf(context, account)
  if (grant === 'admin') return { owner: true, reseller: false }
  if (grant === 'read-write' || (grant && reading)) return { owner: false, reseller: false }
  if (!account.startsWith(accountPrefix)) return null
  const target = { project_id: account.slice(accountPrefix.length) }
  if (context.allows('object-store:operator', target)) return { owner: true, reseller: false }
  if (reading && context.allows('object-store:reader', target)) return { owner: false, reseller: false }
  return null
}

/**
 * Throws 401 where the token's access rules do not let it do that to what a request names beside its own path, in a header, the query or
 * its body: each name counts as a request of its own.
 */
export function checkAccessRules(context: BaseContext, method: 'GET' | 'PUT' | 'DELETE', account: string, name: string): void {
  const rules = (context.who as Who | null)?.delegation?.authority.application?.accessRules
  if (rules && !isPermitted(rules, ['object-store'], method, `/${context.major}/${account}/${quote(name)}`, true)) throw unauthorized()
}

/** A name behind a prefix that only those rules let pass which hold for whatever stands there. */
export const anyName = '\u{10ffff}/\u{10ffff}'

/** Throws 401 (nobody) or 403 unless the asker may; `lists` is undefined where there is no container yet. */
export function authorize(context: BaseContext, account: string, need: Need, lists?: AccessLists): Access {
  const own = ownAccess(context, account, need === 'read' || need === 'list' || need === 'own-read')
  if (own && (need !== 'account' || own.owner)) return own
  if (!allowedByLists(context, account, need, lists)) throw denied(context, account)
  return { owner: false, reseller: false }
}

/** True when the container's access lists let the asker do it. */
export function allowedByLists(context: BaseContext, account: string, need: Need, lists?: AccessLists): boolean {
  if (!lists || need === 'own' || need === 'own-read' || need === 'account') return false
  const acl = parseAcl(need === 'write' ? lists['x-container-write'] : lists['x-container-read'])
  const who = context.who as Who | null
  if (who && entryAllowed(acl, who, namesCount(context, account))) return true
  return need !== 'write' && (need === 'read' || acl.listings) && referrerAllowed(acl, header(context.headers, 'referer'))
}
