// What headers may say of a container besides the user's metadata.
import type { IncomingHttpHeaders } from 'node:http'
import { cleanAcl } from '../access/acl.ts'
import { header, userMetadata } from '../headers.ts'
import { checkContainerName, plain } from '../limits.ts'
import { isTrue } from '../listing/query.ts'
import { unquoteHeader, withoutSlashes } from '../quoting.ts'
import type { Headers } from '../tables.ts'

const settable = ['x-container-sync-to', 'x-container-sync-key', 'x-versions-location', 'x-history-location'] as const

/** Changes by header name, '' for what is to be removed. */
export function containerChanges(headers: IncomingHttpHeaders, old: Headers): Headers {
  const changes = userMetadata(headers, 'container')
  for (const name of ['quota-bytes', 'quota-count']) {
    const value = changes[`x-container-meta-${name}`]
    if (value && !/^\d{1,15}$/.test(value)) throw plain(400, `Invalid ${name === 'quota-bytes' ? 'bytes' : 'count'} quota.`)
  }
  for (const name of ['x-container-read', 'x-container-write']) {
    const value = header(headers, name)
    if (value !== undefined) changes[name] = cleanAcl(name, value)
    else if (header(headers, name.replace('x-', 'x-remove-')) !== undefined) changes[name] = ''
  }
  for (const name of settable) {
    const value = header(headers, name)
    if (value !== undefined) changes[name] = value.trim()
    else if (header(headers, name.replace('x-', 'x-remove-')) !== undefined) changes[name] = ''
  }
  checkVersions(headers, changes, old)
  return changes
}

/** The container that a location names; null for what is no UTF-8. A slash at an end is not part of it: what is checked here is what is looked for later. */
export function bareLocation(location: string): string | null {
  const name = unquoteHeader(location)
  return name && withoutSlashes(name.replace(/^\/+/, ''))
}

function checkVersions(headers: IncomingHttpHeaders, changes: Headers, old: Headers): void {
  const stack = changes['x-versions-location']
  const history = changes['x-history-location']
  if (stack && history) throw plain(400, 'Only one of X-Versions-Location or X-History-Location may be specified')
  for (const location of [stack, history]) {
    const bare = location && bareLocation(location)
    if (bare === null || (location && !bare) || bare?.includes('/')) throw plain(412, 'Container name cannot contain slashes')
    if (bare) checkContainerName(bare)
  }
  if (stack) changes['x-history-location'] = ''
  if (history) changes['x-versions-location'] = ''
  const enabled = header(headers, 'x-versions-enabled')
  if (enabled === undefined) return
  const on = isTrue(enabled)
  if (
    on &&
    (stack || history || (stack === undefined && old['x-versions-location']) || (history === undefined && old['x-history-location']))
  )
    throw plain(400, 'Cannot enable object versioning on a container with X-Versions-Location or X-History-Location.')
  changes['x-versions-enabled'] = on ? 'True' : old['x-versions-enabled'] ? 'False' : ''
}
