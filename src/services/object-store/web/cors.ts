// Requests of pages from other origins: what a container's X-Container-Meta-Access-Control-* headers let through.
import { Fault } from '../../../api/faults.ts'
import { type BaseContext, type Operation, operation, Reply, reply } from '../../../api/operation.ts'
import { asksForGrant, loadGrant } from '../access/grants.ts'
import { findContainer } from '../containers/store.ts'
import { header, normalised } from '../headers.ts'
import type { Container } from '../tables.ts'

const methods = 'HEAD, GET, PUT, POST, COPY, DELETE, OPTIONS'
const alwaysShown = [
  'cache-control',
  'content-language',
  'content-type',
  'expires',
  'last-modified',
  'pragma',
  'etag',
  'x-timestamp',
  'x-trans-id',
  'x-openstack-request-id',
]
const kind = 'x-container-meta-access-control-'

interface Place {
  account?: string
  container?: string
}

function allows(container: Container, origin: string): boolean {
  const origins = (container.metadata[`${kind}allow-origin`] ?? '').split(/\s+/).filter(Boolean)
  return origins.includes('*') || origins.includes(origin)
}

async function containerOf(context: BaseContext & { params: Place }): Promise<Container | undefined> {
  const { account, container } = context.params
  return account && container ? findContainer(context.cloud.database.read, account, container) : undefined
}

/** Headers that let the page of that origin see the answer; none when it may not. */
async function corsHeaders(context: BaseContext & { params: Place }, answered: Record<string, string>): Promise<Record<string, string>> {
  const origin = header(context.headers, 'origin')
  if (!origin) return {}
  const container = await containerOf(context)
  if (!container || !allows(container, origin)) return {}
  const any = container.metadata[`${kind}allow-origin`]!.trim() === '*'
  const own = (container.metadata[`${kind}expose-headers`] ?? '').split(/[\s,]+/).filter(Boolean)
  const shown = [...new Set([...alwaysShown, ...own, ...Object.keys(answered).filter((name) => name.startsWith('x-'))])]
  return {
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-expose-headers': shown.join(', '),
    ...(!any && { vary: answered.vary ? `Origin, ${answered.vary}` : 'Origin' }),
  }
}

const withStatus = (result: unknown, status: number | undefined): Reply =>
  new Reply({
    ...(status !== undefined && { status }),
    ...(result instanceof Reply ? { headers: result.headers, body: result.body } : { body: result }),
  })

/** The operation as all of Swift's answer: with a type even where there is no body, and open to the pages that may see it. */
export function answered(declaration: Operation): Operation {
  return {
    ...declaration,
    async handle(given) {
      const headers = normalised(given.headers)
      const context = headers === given.headers ? given : { ...given, headers }
      const place = context as unknown as BaseContext & { params: Place }
      try {
        if (asksForGrant(context, place.params.account)) await loadGrant(context, place.params.account)
        const result = await declaration.handle(context)
        const made =
          result instanceof Reply && result.status !== undefined
            ? result
            : withStatus(result, typeof declaration.status === 'number' ? declaration.status : undefined)
        made.headers['content-type'] ??= 'text/html; charset=UTF-8'
        if (context.headers.origin !== undefined) Object.assign(made.headers, await corsHeaders(place, made.headers))
        return made
      } catch (error) {
        if (error instanceof Fault) Object.assign(error.headers, await corsHeaders(place, error.headers))
        throw error
      }
    },
  }
}

const preflight = (id: string, path: '/{account}' | '/{account}/{container}' | '/{account}/{container}/{object*}') =>
  operation({
    id,
    method: 'OPTIONS',
    path,
    summary: 'Ask what a page of another origin may do',
    catalog: [],
    auth: 'none',
    policy: null,
    majors: ['v1', 'v1.0'],
    input: 'stream',
    transaction: 'none',
    async handle(context) {
      const allow = path.endsWith('*}') ? methods : methods.replace('COPY, ', '')
      const type = { 'content-type': 'text/html; charset=UTF-8' }
      const origin = header(context.headers, 'origin')
      const method = header(context.headers, 'access-control-request-method')
      if (!origin) return reply({ headers: { allow, ...type } })
      const container = await containerOf(context as unknown as BaseContext & { params: Place })
      if (!container || !allows(container, origin) || !method || !allow.split(', ').includes(method))
        throw new Fault(401, 'This origin may not.', { headers: { allow } })
      const asked = header(context.headers, 'access-control-request-headers')
      const age = container.metadata[`${kind}max-age`]
      const any = container.metadata[`${kind}allow-origin`]!.trim() === '*'
      return reply({
        headers: {
          allow,
          ...type,
          'access-control-allow-origin': any ? '*' : origin,
          'access-control-allow-methods': allow,
          ...(asked && { 'access-control-allow-headers': asked }),
          ...(age && { 'access-control-max-age': age }),
          vary: 'Origin, Access-Control-Request-Headers',
        },
      })
    },
  })

export const preflights = [
  preflight('accounts.options', '/{account}'),
  preflight('containers.options', '/{account}/{container}'),
  preflight('objects.options', '/{account}/{container}/{object*}'),
]
