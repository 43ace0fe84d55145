// Where a request goes: the path as the routes know it, its version, and what is declared there.
import type { IncomingMessage } from 'node:http'
import type { Exchange, Served } from '../exchange.ts'
import { badRequest, Fault, notFound } from '../faults.ts'
import { canonicalPath } from '../paths.ts'
import { versionNumber } from '../versions.ts'
import { dialectOf } from '../xml/body.ts'

/** Every answer has an id of its request, also that to one that fails at once. */
export function nameRequest(exchange: Exchange): void {
  const { served, response } = exchange
  const own = served.service.requests
  exchange.requestId = own?.id.make(served.cloud) ?? `req-${served.cloud.environment.uuid()}`
  // Swift's spelling is its own, here as well.
  response.setHeader(own ? 'X-Openstack-Request-Id' : 'x-openstack-request-id', exchange.requestId)
  const more = own?.id.header ?? served.service.requestIdHeader
  if (more) response.setHeader(more, exchange.requestId)
}

/** Splits `/v2.1/PROJECT/servers/ID`: version, project (where one may stand) and the rest. */
export function splitPath(exchange: Exchange): void {
  const { served, request, prefix } = exchange
  const { service, cloud } = served
  const url = request.url!
  exchange.mark = url.indexOf('?')
  const given = (exchange.mark < 0 ? url : url.slice(0, exchange.mark)).slice(prefix.length) || '/'
  const path = service.requests?.path(cloud.config, request, given) ?? canonicalPath(given)
  exchange.path = path
  exchange.rest = path
  const slash = path.indexOf('/', 1)
  const first = slash < 0 ? path.slice(1) : path.slice(1, slash)
  if (served.majorIds.has(first)) {
    exchange.major = first
    exchange.rest = slash < 0 ? '/' : path.slice(slash)
    if (service.projectInPath) splitProject(exchange)
  }
  exchange.dialect = dialectOf(service, exchange.major)
}

function splitProject(exchange: Exchange): void {
  const { rest, served, major } = exchange
  const end = rest.indexOf('/', 1)
  const segment = end < 0 ? rest.slice(1) : rest.slice(1, end)
  if (!segment || served.router().isResource(major, segment)) return
  exchange.projectId = segment
  exchange.rest = end < 0 ? '/' : rest.slice(end)
}

/** The microversion that the headers ask for, within what the major has. Throws 400 and 406. */
export function readVersion(exchange: Exchange): void {
  const { served, request, major } = exchange
  exchange.microversion = microversionOf(served, request, major)
  exchange.place = served.line.placeOf(major, exchange.microversion)
}

function microversionOf({ service }: Served, request: IncomingMessage, major: string): string {
  if (!service.microversions) return ''
  const range = service.majors.find((m) => m.id === major)
  if (!range?.min || !range.max) return ''
  const { type, legacyHeader } = service.microversions
  let text: string | undefined
  for (const part of String(request.headers['openstack-api-version'] ?? '').split(',')) {
    const [name, version] = part.trim().split(/\s+/)
    if (name === type && version) text = version
  }
  if (text === undefined && legacyHeader) text = request.headers[legacyHeader.toLowerCase()] as string | undefined
  if (text === undefined) return range.min
  if (text === 'latest') return range.max
  const number = versionNumber(text)
  if (Number.isNaN(number))
    throw badRequest(`API Version String ${text.slice(0, 40)} is of invalid format. Must be of format MajorNum.MinorNum.`)
  if (number < versionNumber(range.min) || number > versionNumber(range.max)) {
    throw new Fault(406, `Version ${text} is not supported by the API. Minimum is ${range.min} and maximum is ${range.max}.`)
  }
  return text
}

/** What is declared there. A fault is kept until it is known who asks: without a token nobody learns what exists. */
export function findRoute(exchange: Exchange): void {
  const { served, request, major, rest } = exchange
  try {
    if (served.service.trailingSlash === 'refused' && rest.length > 1 && rest.endsWith('/'))
      throw notFound('The resource could not be found.')
    exchange.route = served.router().find(request.method!, major, rest)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    exchange.route = error
  }
}
