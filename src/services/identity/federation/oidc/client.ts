// This cloud as a client of one OpenID Connect provider: is a token that somebody presents really the provider's, and meant for us?
import type * as Jose from 'jose'
import type { Configuration } from 'openid-client'
import { Fault } from '../../../../api/faults.ts'
import type { Cloud } from '../../../../cloud.ts'
import type { Claims } from '../mapping/claims.ts'
import type { OidcSettings } from '../settings.ts'
import { providerKeys } from './keys.ts'
import { fetchFor } from './network.ts'

/** Why a token counts for nothing; for the log, not for whoever presented it. */
export class TokenRefused extends Error {}

export interface OidcClient {
  settings: OidcSettings
  configuration(): Promise<Configuration>
  /** What a token says that was presented as `Bearer`. Throws TokenRefused, and 503 when the provider cannot be asked. */
  verifyBearer(token: string): Promise<Claims>
  /** With what the provider's userinfo says, where the settings ask for that. */
  complete(claims: Claims, accessToken: string): Promise<Claims>
}

/** Signatures that only the holder of a private key can make: never `none`, nor HS256, whose key would be public. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** Tokens for other purposes (logout, DPoP proofs, events) are not tokens of a user. */
const types = [undefined, 'jwt', 'at+jwt', 'application/at+jwt']
const toleranceSeconds = 30
const configurationMs = 3_600_000
const isJwt = (token: string) => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value])

export function oidcClient(cloud: Cloud, settings: OidcSettings): OidcClient {
  const { clock } = cloud.environment
  const fetch = fetchFor(settings.issuer)
  const keys = providerKeys(async () => jwksUri(await configuration()), fetch, clock)
  let known: { configuration: Configuration; at: number } | null = null

  /** What fails here is not the fault of whoever asks. */
  async function asking<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      cloud.log.warn({ issuer: settings.issuer, error: (error as Error).message }, `${what} failed`)
      throw new Fault(503, 'The identity provider cannot be reached at present.')
    }
  }

  const configuration = async () => {
    const now = clock.now()
    if (known && now - known.at < configurationMs) return known.configuration
    const made = await asking('asking an identity provider for its configuration', async () => {
      const client = await import('openid-client')
      const { clientId, clientSecret, issuer } = settings
      const found = await client.discovery(
        new URL(issuer),
        clientId,
        {},
        clientSecret === null ? client.None() : client.ClientSecretBasic(clientSecret.reveal()),
        {
          [client.customFetch]: fetch as never,
          execute: [client.enableNonRepudiationChecks, ...(new URL(issuer).protocol === 'http:' ? [client.allowInsecureRequests] : [])],
        },
      )
      const { token_endpoint_auth_methods_supported: methods } = found.serverMetadata()
      if (clientSecret === null || !methods || methods.includes('client_secret_basic') || !methods.includes('client_secret_post'))
        return found
      const posting = new client.Configuration(found.serverMetadata(), clientId, {}, client.ClientSecretPost(clientSecret.reveal()))
      posting[client.customFetch] = fetch as never
      client.enableNonRepudiationChecks(posting)
      if (new URL(issuer).protocol === 'http:') client.allowInsecureRequests(posting)
      return posting
    })
    known = { configuration: made, at: now }
    return made
  }

  function ensureForUs(claims: Claims): void {
    const audiences = list(claims.aud)
    const ours = (value: unknown) => typeof value === 'string' && settings.audiences.includes(value)
    if (!audiences.some(ours)) throw new TokenRefused('it is for another audience')
    if (audiences.length > 1 && claims.azp !== undefined && !ours(claims.azp)) throw new TokenRefused('it was issued to another party')
    if (claims.cnf !== undefined) throw new TokenRefused('it is bound to a key, and counts for nothing without a proof of that key')
    if (typeof claims.sub !== 'string' || !claims.sub) throw new TokenRefused('it names no subject')
  }

  async function verifyJwt(token: string): Promise<Claims> {
    const jose = await import('jose')
    const verify = async (again: boolean) => {
      const set = await asking('asking an identity provider for its keys', () => keys.get(again))
      const options: Jose.JWTVerifyOptions = {
        issuer: settings.issuer,
        algorithms,
        clockTolerance: toleranceSeconds,
        currentDate: new Date(clock.now()),
        requiredClaims: ['iss', 'sub', 'aud', 'exp'],
      }
      try {
        return await jose.jwtVerify(token, jose.createLocalJWKSet(set), options)
      } catch (error) {
        if (!(error instanceof jose.errors.JWKSMultipleMatchingKeys)) throw error
        for await (const key of error) {
          try {
            return await jose.jwtVerify(token, key, options)
          } catch (inner) {
            if (!(inner instanceof jose.errors.JWSSignatureVerificationFailed)) throw inner
          }
        }
        throw new jose.errors.JWSSignatureVerificationFailed()
      }
    }
    try {
      const { payload, protectedHeader } = await verify(false).catch((error) => {
        if (error instanceof jose.errors.JWKSNoMatchingKey || error instanceof jose.errors.JWSSignatureVerificationFailed)
          return verify(true)
        throw error
      })
      if (!types.includes(protectedHeader.typ?.toLowerCase())) throw new TokenRefused(`it is of type ${protectedHeader.typ}`)
      ensureForUs(payload)
      return payload
    } catch (error) {
      if (error instanceof TokenRefused || error instanceof Fault) throw error
      throw new TokenRefused((error as Error).message)
    }
  }

  async function introspect(token: string): Promise<Claims> {
    const answer: Claims = await asking('asking an identity provider about a token', async () => {
      const client = await import('openid-client')
      return { ...(await client.tokenIntrospection(await configuration(), token)) }
    })
    if (answer.active !== true) throw new TokenRefused('it is not active')
    const seconds = clock.now() / 1000
    if (typeof answer.exp === 'number' && answer.exp + toleranceSeconds <= seconds) throw new TokenRefused('it is expired')
    if (typeof answer.nbf === 'number' && answer.nbf - toleranceSeconds > seconds) throw new TokenRefused('it is not valid yet')
    if (answer.iss !== undefined && answer.iss !== settings.issuer) throw new TokenRefused('it is of another issuer')
    if (answer.token_type !== undefined && !/^(bearer|access_token|N_A)$/i.test(String(answer.token_type)))
      throw new TokenRefused(`it is of type ${answer.token_type}`)
    // Without an audience it is for whom it was issued to.
    const claims = { ...answer, aud: answer.aud ?? answer.client_id, iss: settings.issuer }
    ensureForUs(claims)
    return claims
  }

  return {
    settings,
    configuration,
    async verifyBearer(token) {
      if (token.length > 16_384) throw new TokenRefused('it is too long')
      if (!isJwt(token) && !settings.introspection)
        throw new TokenRefused('it is not signed for us to read, and introspection is not switched on')
      const claims = isJwt(token) ? await verifyJwt(token) : await introspect(token)
      return this.complete(claims, token)
    },
    async complete(claims, accessToken) {
      if (!settings.userinfo) return claims
      const client = await import('openid-client')
      const found = await configuration()
      try {
        return { ...(await client.fetchUserInfo(found, accessToken, String(claims.sub))), ...claims }
      } catch (error) {
        throw new TokenRefused(`userinfo: ${(error as Error).message}`)
      }
    },
  }
}

function jwksUri(configuration: Configuration): string {
  const { jwks_uri } = configuration.serverMetadata()
  if (!jwks_uri) throw new Error('it names no address of its keys')
  return jwks_uri
}
