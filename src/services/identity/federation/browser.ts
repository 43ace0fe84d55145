// Login of a browser: it is sent to the provider and comes back with a code, which is exchanged for what the provider says of the user
// (OpenID Connect's code flow with PKCE, state and nonce). The token goes to the dashboard by a form. What has to be remembered in
// between is in a cookie of that browser, encrypted: nothing is kept here for somebody who has not logged in.
import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import { badRequest, unauthorized } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { derivedKeys } from '../../../auth/derived-keys.ts'
import { fernetDecrypt, fernetEncrypt } from '../../../auth/fernet.ts'
import type { Cloud } from '../../../cloud.ts'
import { serviceState } from '../../../service-state.ts'
import { useNonce } from '../oauth1/store.ts'
import { issueToken } from '../tokens/authenticate.ts'
import { clientsOf, federated } from './clients.ts'
import { findPlace, proveFederated } from './login.ts'
import type { Claims } from './mapping/claims.ts'
import { type OidcClient, TokenRefused } from './oidc/client.ts'
import { choicePage, handOverPage } from './pages.ts'
import { providersWith } from './store.ts'

const callbackPath = '/v3/auth/OS-FEDERATION/oidc/callback'
const lifetimeSeconds = 600
const unlisted = (origin: string) => unauthorized(`${origin.slice(0, 255)} is not a trusted dashboard host`)

/** What a browser carries from its going away to its coming back. */
interface Journey {
  state: string
  nonce: string
  verifier: string
  issuer: string
  providerId: string
  protocolId: string
  origin: string
}

const keysOf = serviceState(({ keys }) => derivedKeys(keys.token, 'nephos browser login'))
const publicUrl = (cloud: Cloud) => federated(cloud).settings.publicUrl ?? cloud.endpoints.root('identity')
const cookieName = (state: string) => `nephos_login_${state.slice(0, 16)}`
const cookie = (cloud: Cloud, state: string, value: string, seconds: number) => {
  const { pathname, protocol } = new URL(`${publicUrl(cloud)}${callbackPath}`)
  const secure = protocol === 'https:' ? '; Secure' : ''
  return `${cookieName(state)}=${value}; Path=${pathname}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`
}

/** Where the token may go. Throws 400 or 401: any other address could be anybody's. */
function trustedOrigin(cloud: Cloud, origin: string | undefined): string {
  if (!origin) throw badRequest('Request must have an origin query parameter')
  if (!federated(cloud).settings.trustedDashboards.includes(origin)) throw unlisted(origin)
  return origin
}

/** Sends the browser to the provider. */
async function depart(cloud: Cloud, providerId: string, protocolId: string, origin: string) {
  const place = await findPlace(cloud, providerId, protocolId)
  const [client] = await clientsOf(cloud, place.provider.id)
  if (!client) throw unauthorized('No OpenID Connect provider of the operator belongs to this identity provider.')
  const { clock, random } = cloud.environment
  const journey: Journey = {
    state: random.bytes(24).toString('base64url'),
    nonce: random.bytes(24).toString('base64url'),
    verifier: random.bytes(32).toString('base64url'),
    issuer: client.settings.issuer,
    providerId: place.provider.id,
    protocolId: place.protocol.id,
    origin,
  }
  const { buildAuthorizationUrl } = await import('openid-client')
  const address = buildAuthorizationUrl(await client.configuration(), {
    redirect_uri: `${publicUrl(cloud)}${callbackPath}`,
    scope: client.settings.scopes,
    state: journey.state,
    nonce: journey.nonce,
    code_challenge: createHash('sha256').update(journey.verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const sealed = fernetEncrypt(
    keysOf(cloud).keys()[0]!,
    Buffer.from(JSON.stringify(journey)),
    Math.floor(clock.now() / 1000),
    random.bytes(16),
  )
  return reply({
    headers: {
      location: address.href,
      'set-cookie': cookie(cloud, journey.state, sealed, lifetimeSeconds),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  })
}

/** What the browser carried; throws 401 when it carried nothing, something old, or of another journey. */
function arrive({ cloud, request }: BaseContext, state: string): Journey {
  const name = cookieName(state)
  const value = (request.headers.cookie ?? '')
    .split(/; */)
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(name.length + 1)
  const opened = value === undefined ? null : fernetDecrypt(keysOf(cloud).keys(), value, 8192)
  const age = opened ? cloud.environment.clock.now() / 1000 - opened.seconds : Number.POSITIVE_INFINITY
  const journey = opened && age >= -30 && age <= lifetimeSeconds ? (JSON.parse(opened.payload.toString()) as Journey) : null
  if (journey?.state !== state) throw unauthorized('This login was not begun in this browser, or too long ago. Begin it again.')
  return journey
}

/** What the provider says of the user, for the code that the browser brought. */
async function redeem(client: OidcClient, address: URL, journey: Journey): Promise<Claims> {
  const { authorizationCodeGrant } = await import('openid-client')
  const configuration = await client.configuration()
  try {
    const answer = await authorizationCodeGrant(configuration, address, {
      pkceCodeVerifier: journey.verifier,
      expectedState: journey.state,
      expectedNonce: journey.nonce,
      idTokenExpected: true,
    })
    return await client.complete({ ...answer.claims() }, answer.access_token)
  } catch (error) {
    throw error instanceof TokenRefused ? error : new TokenRefused((error as Error).message)
  }
}

const Query = Type.Object({ origin: Type.Optional(Type.String({ maxLength: 1024 })) })
const common = { majors: ['v3'], catalog: [] as string[], auth: 'none', policy: null, input: 'stream', transaction: 'none' } as const

export const browserLogin = [
  ...(['GET', 'POST'] as const).flatMap((method) => [
    operation({
      ...common,
      id: `federation.websso-${method.toLowerCase()}`,
      method,
      path: '/auth/OS-FEDERATION/websso/{protocol_id}',
      summary: 'Log in with a browser by a protocol',
      query: Query,
      status: 302,
      otherStatuses: [200],
      answer: 'bytes',
      async handle({ cloud, params, query, href }) {
        const origin = trustedOrigin(cloud, query.origin)
        const found: string[] = []
        for (const id of await providersWith(cloud.database.read, params.protocol_id))
          if ((await clientsOf(cloud, id)).length) found.push(id)
        if (found.length === 1) return depart(cloud, found[0]!, params.protocol_id, origin)
        if (!found.length) throw unauthorized('No identity provider has this protocol.')
        const links = found.map((id) => {
          const path = `/auth/OS-FEDERATION/identity_providers/${encodeURIComponent(id)}/protocols/${encodeURIComponent(params.protocol_id)}/websso`
          return { name: id, address: `${href(path)}?${new URLSearchParams({ origin })}` }
        })
        return choicePage(links)
      },
    }),
    operation({
      ...common,
      id: `federation.websso-provider-${method.toLowerCase()}`,
      method,
      path: '/auth/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/websso',
      summary: 'Log in with a browser by a protocol of an identity provider',
      query: Query,
      status: 302,
      handle: async ({ cloud, params, query }) => depart(cloud, params.idp_id, params.protocol_id, trustedOrigin(cloud, query.origin)),
    }),
  ]),
  operation({
    ...common,
    id: 'federation.oidc-callback',
    method: 'GET',
    path: '/auth/OS-FEDERATION/oidc/callback',
    summary: 'Where a provider of OpenID Connect sends browsers back to',
    query: Type.Object({ state: Type.String({ minLength: 1, maxLength: 255 }) }),
    answer: 'bytes',
    async handle(context) {
      const { cloud, query, rawQuery } = context
      const { clock } = cloud.environment
      const journey = arrive(context, query.state)
      const origin = trustedOrigin(cloud, journey.origin)
      const place = await findPlace(cloud, journey.providerId, journey.protocolId)
      const client = (await clientsOf(cloud, place.provider.id)).find(({ settings }) => settings.issuer === journey.issuer)
      if (!client) throw unauthorized()
      const claims = await redeem(client, new URL(`${publicUrl(cloud)}${callbackPath}?${rawQuery}`), journey).catch((error) => {
        if (!(error instanceof TokenRefused)) throw error
        cloud.log.info({ provider: place.provider.id, issuer: journey.issuer, reason: error.message }, 'a login by a browser was refused')
        throw unauthorized('The identity provider did not vouch for this login.')
      })
      const first = await context.write(({ db }) => useNonce(db, ['login', journey.state], clock.now(), 2 * lifetimeSeconds * 1000))
      if (!first) throw unauthorized('This login has been used already.')
      const { token } = await issueToken(cloud, await proveFederated(cloud, place, claims), { type: 'none' })
      return handOverPage(origin, token, cookie(cloud, journey.state, '', 0))
    },
  }),
]
