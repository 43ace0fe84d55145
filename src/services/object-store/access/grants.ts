// Access lists of whole accounts: X-Account-Access-Control names who may administer, change or read everything in one.
import type { BaseContext } from '../../../api/operation.ts'
import { findProject } from '../../../auth/store.ts'
import type { Who } from '../../../auth/who.ts'
import { findAccount } from '../accounts/store.ts'
import { plain } from '../limits.ts'
import { entryAllowed } from './acl.ts'

export type Grant = 'admin' | 'read-write' | 'read-only'
/** The most first: who is in several lists has the most of them. */
const grants: Grant[] = ['admin', 'read-write', 'read-only']

export const grantsHeader = 'x-account-access-control'

type Lists = Partial<Record<Grant, string[]>>

/** The lists in their plain form, as they are kept; '' for none. Throws 400 for what is no such thing. */
export function cleanGrants(text: string): string {
  if (!text.trim()) return ''
  const refuse = (why: string) => plain(400, `X-Account-Access-Control is not a valid access list: ${why}`)
  let lists: unknown
  try {
    // Header text comes as Latin-1.
    lists = JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
  } catch {
    throw refuse('no JSON')
  }
  if (lists === null || typeof lists !== 'object' || Array.isArray(lists)) throw refuse('no object')
  const clean: Lists = {}
  for (const [name, entries] of Object.entries(lists)) {
    if (!grants.includes(name as Grant)) throw refuse(`unknown key ${JSON.stringify(name.slice(0, 40))}`)
    if (!Array.isArray(entries) || entries.some((entry) => typeof entry !== 'string')) throw refuse(`${name} must be a list of names`)
    // A role of any project at all must not open an account: only projects and users can be named.
    const bad = entries.find((entry: string) => !/^[^:,]+:[^,]+$/.test(entry.trim()))
    if (bad !== undefined) throw refuse(`${JSON.stringify(String(bad).slice(0, 80))} is not of the form project:user`)
    if (entries.length) clean[name as Grant] = entries.map((entry: string) => entry.trim())
  }
  // Kept as ASCII, so that it can be a header again.
  const kept = JSON.stringify(clean).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return kept === '{}' ? '' : kept
}

/** What the lists give somebody; null for nothing. */
function grantIn(text: string | undefined, who: Who, names: boolean): Grant | null {
  if (!text) return null
  const lists = JSON.parse(text) as Lists
  return grants.find((name) => entryAllowed({ referrers: [], listings: false, entries: lists[name] ?? [] }, who, names)) ?? null
}

interface Foreign {
  grant: Grant | null
  /** The account's project is in the default domain: what its lists call by name is there too. */
  names: boolean
}

/** What was found for a request, by account: who asks stays the same for all of it. */
const known = new WeakMap<object, Map<string, Foreign>>()

const isOwn = ({ who }: BaseContext, account: string) => {
  const { project } = (who as Who | null) ?? {}
  return project ? account === `AUTH_${project.id}` : false
}

/** False where nobody need look: for nobody, and in the asker's own account. */
export const asksForGrant = (context: BaseContext, account: string | undefined): boolean =>
  (context.who as Who | null) !== null && account !== undefined && !isOwn(context, account)

/** Looks up what the lists of the account give the asker, for `grantOf` and `namesCount`. Asks the database only for accounts that are not the asker's own. */
export async function loadGrant(context: BaseContext, account: string | undefined): Promise<void> {
  const who = context.who as Who | null
  if (!who || account === undefined || !asksForGrant(context, account)) return
  const found = known.get(context.request) ?? new Map<string, Foreign>()
  known.set(context.request, found)
  if (found.has(account)) return
  const { read } = context.cloud.database
  const project = await findProject(read, account.replace(/^AUTH_/, ''))
  const names = project?.domain_id === 'default'
  const row = await findAccount(read, account)
  found.set(account, { grant: grantIn(row?.metadata[grantsHeader], who, names), names })
}

/** What `loadGrant` found. */
export const grantOf = (context: BaseContext, account: string): Grant | null => known.get(context.request)?.get(account)?.grant ?? null

/** Whether names in the account's lists mean users and projects of the default domain; in another domain they are those of that one. */
export const namesCount = (context: BaseContext, account: string): boolean =>
  isOwn(context, account) || (known.get(context.request)?.get(account)?.names ?? false)
