// Opens an address that a user named. What this machine reaches and the user does not must stay out of reach: schemes and ports
// are those of the settings, a name is resolved once and the connection goes to the very address that was judged, and each
// redirection is judged like the first address.
import { lookup as systemLookup } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { badRequest } from '../../../api/faults.ts'
import type { Config } from '../../../config.ts'
import { isPublicAddress } from './addresses.ts'

export type SourceRules = Pick<Config, 'importSchemes' | 'importPorts' | 'importPrivate' | 'importTime'>
export interface Resolved {
  address: string
  family: number
}
export type Resolve = (name: string) => Promise<Resolved[]>

/** Why an import failed, in words for the user. */
export class SourceFault extends Error {}

const maxRedirects = 5
const idleMs = 30_000
const list = (text: string) => text.split(',').map((part) => part.trim().toLowerCase())
const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '')

/** The address as a URL. Throws 400 for what is not allowed whatever its name resolves to. */
export function checkSource(text: string, rules: SourceRules): URL {
  const refuse = (why: string) => badRequest(`The source address is not allowed: ${why}.`)
  if (text.length > 2048 || !URL.canParse(text)) throw refuse('it is not a URL')
  const url = new URL(text)
  const scheme = url.protocol.slice(0, -1)
  if ((scheme !== 'http' && scheme !== 'https') || !list(rules.importSchemes).includes(scheme)) throw refuse('its scheme')
  if (url.username || url.password) throw refuse('it holds a user or password')
  const port = url.port || (scheme === 'http' ? '80' : '443')
  const ports = list(rules.importPorts)
  if (!ports.includes('any') && !ports.includes(port)) throw refuse('its port')
  const host = bare(url.hostname)
  if (!host) throw refuse('it has no host')
  if (isIP(host) && !rules.importPrivate && !isPublicAddress(host)) throw refuse('its host')
  return url
}

/** The address to connect to. Every address of the name must be allowed: a name must not be public at one time and private at another. */
async function resolveOnce(host: string, rules: SourceRules, resolve: Resolve): Promise<Resolved> {
  const family = isIP(host)
  const found = family ? [{ address: host, family }] : await resolve(host).catch(() => [])
  const [first] = found
  if (!first) throw new SourceFault('The name of the source cannot be resolved.')
  if (!rules.importPrivate && !found.every(({ address }) => isPublicAddress(address))) {
    throw new SourceFault('The source address is not allowed: its host.')
  }
  return first
}

function request(url: URL, { address, family }: Resolved, signal: AbortSignal): Promise<http.IncomingMessage> {
  const pinned: LookupFunction = (_, options, tell) => (options.all ? tell(null, [{ address, family }]) : tell(null, address, family))
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const module = url.protocol === 'https:' ? https : http
  const sent = module.get(url, {
    lookup: pinned,
    agent: false,
    signal,
    timeout: idleMs,
    headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'nephos-image-import' },
  })
  sent.once('response', resolve)
  sent.once('timeout', () => sent.destroy(new SourceFault('The source sent nothing for too long.')))
  sent.once('error', reject)
  return promise
}

/** The body of what is found there, after redirections. Throws SourceFault; the stream fails when the data ends early or `signal` aborts. */
export async function openSource(
  text: string,
  rules: SourceRules,
  signal: AbortSignal,
  resolve: Resolve = (name) => systemLookup(name, { all: true }),
): Promise<http.IncomingMessage> {
  let url = text
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const checked = checkSource(url, rules)
    const at = await resolveOnce(bare(checked.hostname), rules, resolve)
    const response = await request(checked, at, signal).catch((error: Error) => {
      throw error instanceof SourceFault ? error : new SourceFault('The source cannot be reached.')
    })
    const status = response.statusCode ?? 0
    if (status === 200) return response
    response.resume()
    response.destroy()
    const { location } = response.headers
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) {
      throw new SourceFault(`The source answered with status ${status}.`)
    }
    if (!URL.canParse(location, url)) throw new SourceFault('The source redirects to something that is not a URL.')
    url = new URL(location, url).href
  }
  throw new SourceFault('The source redirects too often.')
}
