// Who asks: the token, what its access rules let through, and whose project the path names.
import { isPermitted } from '../../auth/access-rules.ts'
import { adminRule } from '../../auth/policy.ts'
import type { Exchange } from '../exchange.ts'
import { Fault, notBuilt, notFound, unauthorized } from '../faults.ts'
import { authOf } from '../router.ts'

const routeOf = ({ route }: Exchange) => (!(route instanceof Fault) && 'operations' in route ? route : null)
const needsNobody = (exchange: Exchange) => {
  const route = routeOf(exchange)
  return route !== null && authOf(route.operations) === 'none'
}

/** Throws 401 where a token is needed and none that is valid came. */
export function authenticate(exchange: Exchange): void | Promise<void> {
  if (!needsNobody(exchange)) return identify(exchange)
}

async function identify(exchange: Exchange): Promise<void> {
  const { served, request } = exchange
  const { cloud, service } = served
  const route = routeOf(exchange)
  const token = request.headers['x-auth-token'] ?? request.headers[service.requests?.tokenHeader ?? '']
  const early = route?.operations.get('')?.[0]?.ahead
  if (early) exchange.ahead = await early(cloud, route!.params as never)
  exchange.who = typeof token === 'string' && token ? await cloud.tokens.authenticate(token, exchange.ahead?.generation) : null
  if (!exchange.who && (route === null || authOf(route.operations) === 'needed'))
    throw new Fault(401, unauthorized().message, {
      headers: { 'www-authenticate': `Keystone uri="${cloud.endpoints.identityRoot()}"` },
    })
}

/** An application credential may be good for some requests only. */
export function checkAccessRules(exchange: Exchange): void {
  const { served, who, request, path } = exchange
  const rules = who?.delegation?.authority.application?.accessRules
  if (rules && !isPermitted(rules, served.types, request.method!, path, served.keepsPaths)) throw unauthorized()
}

/** The project in the path is the token's, or an administrator asks. */
export function checkProject(exchange: Exchange): void {
  const { served, projectId, who } = exchange
  if (!projectId || !who || who.project?.id === projectId || served.policy.holds(adminRule, who.credentials)) return
  throw served.service.faults.foreignProject?.(projectId, who.project?.id) ?? notFound('The resource could not be found.')
}

/** Now that it is known who asks: nothing is there, or it is documented and not built. */
export function refuseMissing({ route }: Exchange): void {
  if (route instanceof Fault) throw route
  if ('notBuilt' in route) throw notBuilt(route.notBuilt)
}
