// Container access lists: `.r:*,.rlistings,project:user`, as X-Container-Read and X-Container-Write have them.
import type { Who } from '../../../auth/who.ts'
import { plain } from '../limits.ts'

export interface Acl {
  /** Hosts that may refer to it, `-` before those that may not; `*` is everybody. */
  referrers: string[]
  /** Listing is open to the referrers too. */
  listings: boolean
  /** `project:user`, or the name of a role. */
  entries: string[]
}

const referrerKinds = new Set(['.r', '.ref', '.referer', '.referrer'])

/** The list in its plain form, as it is kept; 400 for what cannot be read. */
export function cleanAcl(headerName: string, text: string): string {
  const parts: string[] = []
  for (const raw of text.split(',')) {
    const part = raw.trim()
    if (!part) continue
    const colon = part.indexOf(':')
    if (!part.startsWith('.')) {
      parts.push(part)
      continue
    }
    if (colon < 0) {
      if (part !== '.rlistings') throw plain(400, `Unknown designator '${part}' in ACL: '${part}'`)
      parts.push(part)
      continue
    }
    const kind = part.slice(0, colon).trim()
    let host = part.slice(colon + 1).trim()
    if (!referrerKinds.has(kind)) throw plain(400, `Unknown designator '${kind}' in ACL: '${part}'`)
    if (headerName.endsWith('write')) throw plain(400, `Referrers not allowed in write ACL: '${part}'`)
    const negated = host.startsWith('-')
    if (negated) host = host.slice(1).trim()
    if (host !== '*' && host.startsWith('*')) host = host.slice(1).trim()
    if (!host || host === '.') throw plain(400, `No host/domain value after referrer designation in ACL: '${part}'`)
    parts.push(`.r:${negated ? '-' : ''}${host}`)
  }
  return parts.join(',')
}

export function parseAcl(text: string | undefined): Acl {
  const acl: Acl = { referrers: [], listings: false, entries: [] }
  for (const part of (text ?? '').split(',')) {
    if (part === '.rlistings') acl.listings = true
    else if (part.startsWith('.r:')) acl.referrers.push(part.slice(3))
    else if (part) acl.entries.push(part)
  }
  return acl
}

/** True when the list lets requests that come from that page through; the last match counts. */
export function referrerAllowed(acl: Acl, referer: string | undefined): boolean {
  let allowed = false
  let host = ''
  try {
    host = referer ? new URL(referer).hostname : ''
  } catch {
    // an address that cannot be read is no host
  }
  for (const entry of acl.referrers) {
    const negated = entry.startsWith('-')
    const name = negated ? entry.slice(1) : entry
    if (name === '*' || (host && (name === host || (name.startsWith('.') && host.endsWith(name))))) allowed = !negated
  }
  return allowed
}

/** True when an entry names the asker: by ids, with `*`, by a role, or by names where those of the account are in the default domain too. */
export function entryAllowed(acl: Acl, who: Who, names: boolean): boolean {
  if (!acl.entries.length) return false
  const { user, project } = who
  const named = names && user.domain.id === 'default' && (!project || project.domain.id === 'default')
  const users = ['*', user.id, ...(named ? [user.name] : [])]
  const projects = ['*', ...(project ? [project.id, ...(named ? [project.name] : [])] : [])]
  const roles = who.roles.map((role) => role.name.toLowerCase())
  return acl.entries.some((entry) => {
    const colon = entry.indexOf(':')
    if (colon < 0) return roles.includes(entry.toLowerCase())
    return projects.includes(entry.slice(0, colon)) && users.includes(entry.slice(colon + 1))
  })
}
