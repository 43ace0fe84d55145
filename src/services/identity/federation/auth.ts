// OS-FEDERATION: a token for somebody whom an identity provider vouches for. Clients bring what they got from the provider as `Bearer`,
// as they would to a web server in front; browsers are sent there and back (browser.ts).
import type { IncomingMessage } from 'node:http'
import { Fault, unauthorized } from '../../../api/faults.ts'
import { type Context, operation, reply } from '../../../api/operation.ts'
import type { Cloud } from '../../../cloud.ts'
import { TokenAnswer } from '../tokens/answer.ts'
import { issueToken } from '../tokens/authenticate.ts'
import { tokenView } from '../tokens/view.ts'
import { clientsOf } from './clients.ts'
import { findPlace, proveFederated } from './login.ts'
import type { Claims } from './mapping/claims.ts'
import { type OidcClient, TokenRefused } from './oidc/client.ts'

/** 401 in the words of RFC 6750; why, the log says. */
export const refused = () =>
  new Fault(401, unauthorized().message, { headers: { 'www-authenticate': 'Bearer realm="keystone", error="invalid_token"' } })

function bearerOf(request: IncomingMessage): string {
  const token = /^Bearer +([\w.~+/-]+=*) *$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined) throw new Fault(401, unauthorized().message, { headers: { 'www-authenticate': 'Bearer realm="keystone"' } })
  return token
}

/** Which of a provider's clients a token is for: by the issuer that it names (and that is checked later), else the only one there is. */
function chooseClient(clients: OidcClient[], token: string): OidcClient | undefined {
  const [, payload] = token.split('.')
  if (token.split('.').length !== 3) return clients.length === 1 ? clients[0] : undefined
  try {
    const { iss } = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as Claims
    return clients.find((client) => client.settings.issuer === iss)
  } catch {
    return undefined
  }
}

/** What the bearer's token says. Throws 401. */
async function claimsOf(cloud: Cloud, providerId: string, token: string): Promise<Claims> {
  const client = chooseClient(await clientsOf(cloud, providerId), token)
  if (!client) throw refused()
  try {
    return await client.verifyBearer(token)
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error
    cloud.log.info(
      { provider: providerId, issuer: client.settings.issuer, reason: error.message },
      'a token of an identity provider was refused',
    )
    throw refused()
  }
}

async function exchange({ cloud, params, request }: Context<'/{idp_id}/{protocol_id}', never, never>) {
  const place = await findPlace(cloud, params.idp_id, params.protocol_id)
  const claims = await claimsOf(cloud, place.provider.id, bearerOf(request))
  const { token, who } = await issueToken(cloud, await proveFederated(cloud, place, claims), { type: 'none' })
  return reply({ headers: { 'x-subject-token': token, vary: 'X-Auth-Token' }, body: tokenView(who, null) })
}

export const federatedAuth = (['GET', 'POST'] as const).map((method) =>
  operation({
    id: `federation.auth-${method.toLowerCase()}`,
    method,
    path: '/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/auth',
    majors: ['v3'],
    summary: 'Get an unscoped token with what an identity provider issued',
    catalog: [],
    auth: 'none',
    policy: null,
    input: 'stream',
    status: 201,
    transaction: 'none',
    answer: TokenAnswer,
    handle: (context) => exchange(context as never),
  }),
)
