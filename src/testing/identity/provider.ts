// A real OpenID Connect provider on loopback for tests: oidc-provider, with a user who is logged in at once and keys that tests may sign with.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import * as jose from 'jose'
import type { Claims } from '../../services/identity/federation/mapping/claims.ts'

export const clientId = 'nephos'
export const clientSecret = 'the-secret-of-the-client'
export const machine = { id: 'machine', secret: 'the-secret-of-the-machine' }
const password = 'right'

export interface TestProvider extends AsyncDisposable {
  issuer: string
  /** What the provider says of its users. */
  accounts: Map<string, Claims>
  /** Who is logged in when a browser comes. */
  loggedIn: string
  /** How often each path was asked for. */
  asked: Map<string, number>
  /** A token as the provider would sign it: an access token of `ann` for `nephos`, with these changes (undefined leaves out). */
  mint(changes?: Claims, header?: Partial<jose.JWTHeaderParameters>): Promise<string>
  /** The private key in use. */
  key(): jose.JWK
  /** New keys: those of before sign no more, and are forgotten. */
  rotate(alg?: string): Promise<void>
  /** Everything is answered by this status; null: as usual. */
  fail: number | null
  token(parameters: Record<string, string>, client?: { id: string; secret: string }): Promise<{ status: number; body: Claims }>
}

// The package has no types of its own; what is used of it is little.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Provider = any

export async function startProvider(options: { opaque?: boolean } = {}): Promise<TestProvider> {
  const name: string = 'oidc-provider'
  const { default: Provider, errors } = (await import(name)) as {
    default: new (issuer: string, options: object) => Provider
    errors: Provider
  }
  // In memory, as it would do by itself, but without its warning.
  const adapters: string = 'oidc-provider/lib/adapters/memory_adapter.js'
  const { createMemoryAdapter } = (await import(adapters)) as { createMemoryAdapter(tolerance: number): unknown }
  const accounts = new Map<string, Claims>([
    ['ann', { name: 'Ann Example', preferred_username: 'ann', email: 'ann@example.com', email_verified: true, groups: ['dev', 'ops'] }],
    ['bob', { name: 'Bob Example', preferred_username: 'bob', email: 'admin@example.com', email_verified: false, groups: [] }],
  ])
  const asked = new Map<string, number>()
  let current: Provider
  let keys: jose.JWK[] = []
  const server = http.createServer((request, response) => {
    const path = request.url!.split('?')[0]!
    asked.set(path, (asked.get(path) ?? 0) + 1)
    if (result.fail !== null) response.writeHead(result.fail).end()
    else if (path.startsWith('/interaction/')) void interact(request, response).catch(() => response.writeHead(400).end())
    else current.callback()(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function interact(request: http.IncomingMessage, response: http.ServerResponse) {
    await current.interactionDetails(request, response)
    await current.interactionFinished(request, response, { login: { accountId: result.loggedIn }, consent: {} })
  }

  function make(): Provider {
    const { alg } = keys[0]!
    const format = options.opaque ? { accessTokenFormat: 'opaque' } : { accessTokenFormat: 'jwt', jwt: { sign: { alg } } }
    const resourceServer = { scope: 'openid profile email', audience: clientId, ...format }
    const provider = new Provider(issuer, {
      adapter: createMemoryAdapter(0),
      jwks: { keys },
      cookies: { keys: ['k'] },
      clients: [
        {
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: ['http://127.0.0.1/v3/auth/OS-FEDERATION/oidc/callback'],
          grant_types: ['authorization_code', 'password'],
          response_types: ['code'],
          application_type: 'native',
          id_token_signed_response_alg: alg,
        },
        {
          client_id: machine.id,
          client_secret: machine.secret,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          id_token_signed_response_alg: alg,
        },
      ],
      claims: { profile: ['name', 'preferred_username', 'groups'], email: ['email', 'email_verified'] },
      conformIdTokenClaims: false,
      pkce: { required: () => true },
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      features: {
        devInteractions: { enabled: false },
        introspection: { enabled: true, allowedPolicy: () => true },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'urn:nephos',
          useGrantedResource: () => true,
          getResourceServerInfo: () => resourceServer,
        },
      },
      extraTokenClaims: (_: unknown, { accountId }: { accountId?: string }) => (accountId ? accounts.get(accountId) : { service: true }),
      enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
      findAccount: (_: unknown, id: string) => accounts.has(id) && { accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) },
      async loadExistingGrant({ oidc }: Provider) {
        const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
        grant.addOIDCScope('openid profile email')
        grant.addResourceScope('urn:nephos', 'openid profile email')
        await grant.save()
        return grant
      },
    })
    // As a browser would come back to whatever port the cloud has.
    const { redirectUriAllowed } = provider.Client.prototype
    provider.Client.prototype.redirectUriAllowed = function (uri: string, ...rest: unknown[]) {
      return redirectUriAllowed.call(this, uri.replace(/:\d+/, '').replace('/identity', ''), ...rest)
    }
    provider.registerGrantType(
      'password',
      async (ctx: Provider) => {
        const { username, password: given } = ctx.oidc.params
        if (!accounts.has(username) || given !== password) throw new errors.InvalidGrant('wrong')
        const token = new provider.AccessToken({
          accountId: username,
          client: ctx.oidc.client,
          grantId: await new provider.Grant({ clientId, accountId: username }).save(),
          gty: 'password',
          scope: 'openid',
          extra: accounts.get(username),
        })
        token.resourceServer = new provider.ResourceServer('urn:nephos', resourceServer)
        ctx.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: 600 }
      },
      ['username', 'password', 'scope'],
      [],
    )
    provider.on('server_error', (_: unknown, error: Error) => process.stderr.write(`${error.stack}\n`))
    return provider
  }

  const result: TestProvider = {
    issuer,
    accounts,
    asked,
    loggedIn: 'ann',
    fail: null,
    key: () => keys[0]!,
    async rotate(alg = 'ES256') {
      const { privateKey } = await jose.generateKeyPair(alg, { extractable: true, modulusLength: 2048 })
      const jwk = await jose.exportJWK(privateKey)
      keys = [{ ...jwk, alg, use: 'sig', kid: await jose.calculateJwkThumbprint(jwk) }]
      current = make()
    },
    async mint(changes = {}, header = {}) {
      const seconds = Math.floor(Date.now() / 1000)
      const claims = { iss: issuer, sub: 'ann', aud: clientId, iat: seconds, exp: seconds + 600, ...accounts.get('ann'), ...changes }
      const { alg, kid } = keys[0]!
      return new jose.SignJWT(JSON.parse(JSON.stringify(claims)))
        .setProtectedHeader({ alg: alg!, kid, typ: 'at+jwt', ...header })
        .sign(await jose.importJWK(keys[0]!))
    },
    async token(parameters, client = { id: clientId, secret: clientSecret }) {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
        body: new URLSearchParams(parameters),
      })
      return { status: response.status, body: (await response.json()) as Claims }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  await result.rotate()
  return result
}
