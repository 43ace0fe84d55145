import { Type } from 'typebox'
import { badRequest, forbidden, notFound, unauthorized } from '../../../api/faults.ts'
import { operation, reply } from '../../../api/operation.ts'
import { proveApplicationCredential } from '../application-credentials/prove.ts'
import { catalogFor } from '../catalog.ts'
import { enabledServiceProviders } from '../federation/store.ts'
import { proveAccessToken } from '../oauth1/tokens.ts'
import { issueByTrust } from '../trusts/issue.ts'
import { TokenAnswer } from './answer.ts'
import { findScope, issueToken, type Proof, proveFederatedToken, provePassword, proveToken } from './authenticate.ts'
import { MissingFactors, receiptHeader, receiptMethods, receiptView } from './factors.ts'
import { AuthRequest, type ScopeRequest } from './schema.ts'
import { proveTotp } from './totp.ts'
import { tokenView } from './view.ts'

/** Reference 6.2.1. Several methods must all prove the same user. */
export const createToken = operation({
  id: 'tokens.create',
  method: 'POST',
  path: '/auth/tokens',
  majors: ['v3'],
  summary: 'Authenticate and get a token',
  catalog: ['identity-v3.tokens.authenticate', 'identity-v3-ext.oauth-extension.get-an-identity-service-token'],
  auth: 'none',
  policy: null,
  query: Type.Object({ nocatalog: Type.Optional(Type.String()) }),
  body: AuthRequest,
  status: 201,
  transaction: 'none',
  answer: TokenAnswer,
  async handle(context) {
    const { body, query, cloud, headers } = context
    const { identity, scope: asked } = body.auth
    ensureScope(asked)
    ensureUser(identity.password?.user)
    const proofs: Proof[] = []
    for (const method of identity.methods) {
      if (method === 'password') {
        if (!identity.password)
          throw badRequest(
            'Expecting to find password in identity. The server could not comply with the request since it is either malformed or otherwise incorrect.',
          )
        proofs.push(await provePassword(cloud, identity.password.user))
      } else if (method === 'token') {
        if (!identity.token)
          throw badRequest(
            'Expecting to find token in identity. The server could not comply with the request since it is either malformed or otherwise incorrect.',
          )
        // As upstream: what is looked for is not there. v2.0 answers 401.
        const proof = await proveToken(cloud, identity.token.id.reveal(), () => notFound('Failed to validate token'))
        ensureNotNarrowed(proof, asked)
        proofs.push(proof)
      } else if (method === 'mapped' || method === 'saml2' || method === 'openid') {
        const token = identity[method]
        if (!token)
          throw badRequest(
            `Expecting to find ${method} in identity. The server could not comply with the request since it is either malformed or otherwise incorrect.`,
          )
        proofs.push(await proveFederatedToken(cloud, token.id.reveal()))
      } else if (method === 'application_credential') {
        if (!identity.application_credential)
          throw badRequest(
            'Expecting to find application_credential in identity. The server could not comply with the request since it is either malformed or otherwise incorrect.',
          )
        if (asked !== undefined) throw unauthorized('Application credentials cannot request a scope.')
        ensureUser(identity.application_credential.user)
        proofs.push(await proveApplicationCredential(cloud, identity.application_credential))
      } else if (method === 'totp') {
        if (!identity.totp)
          throw badRequest(
            'Expecting to find totp in identity. The server could not comply with the request since it is either malformed or otherwise incorrect.',
          )
        ensureUser(identity.totp.user)
        proofs.push(await proveTotp(cloud, identity.totp.user))
      } else if (method === 'oauth1') proofs.push(await proveAccessToken(context))
      else throw unauthorized('Attempted to authenticate with an unsupported method.')
    }
    const proof = combine(proofs)
    proof.methods = [...new Set([...proof.methods, ...receiptMethods(cloud, headers[receiptHeader], proof)])]
    const byOauth = proof.delegation?.kind === 'access_token' // its scope is that of the access token, whatever is asked for
    const trustId = typeof asked === 'object' ? asked['OS-TRUST:trust']?.id : undefined
    let issued: Awaited<ReturnType<typeof issueToken>>
    try {
      issued =
        trustId === undefined
          ? await issueToken(cloud, proof, await findScope(cloud, byOauth ? undefined : asked, proof))
          : await issueByTrust(cloud, proof, trustId)
    } catch (error) {
      if (!(error instanceof MissingFactors)) throw error
      return reply({ status: 401, headers: { ...error.headers, vary: 'X-Auth-Token' }, body: await receiptView(cloud, error) })
    }
    const { token, who } = issued
    const scoped = who.project || who.domain || who.system
    const catalog =
      scoped && query.nocatalog === undefined
        ? await catalogFor(cloud.database.read, who.project?.id ?? null, (url) => cloud.endpoints.shown(url, context.request))
        : null
    return reply({
      headers: { 'x-subject-token': token, vary: 'X-Auth-Token' },
      body: tokenView(who, catalog, await enabledServiceProviders(cloud.database.read)),
    })
  },
})

/** A token for the whole system gives none for a part of it. Throws 403. */
function ensureNotNarrowed({ scope }: Proof, asked: ScopeRequest | undefined): void {
  if (scope?.type === 'system' && typeof asked === 'object' && (asked.project || asked.domain))
    throw forbidden('A token scoped to the system cannot be used to get one for a project or a domain.')
}

/** All must prove the same user, and at most one hands something over. Throws 401. */
function combine(proofs: Proof[]): Proof {
  const [first] = proofs
  if (!first || proofs.some((proof) => proof.userId !== first.userId)) throw unauthorized()
  const delegated = proofs.filter((proof) => proof.delegation)
  if (delegated.length > 1) throw unauthorized()
  const ends = proofs.flatMap((proof) => (proof.expiresAt === undefined ? [] : [proof.expiresAt]))
  return {
    ...first,
    methods: [...new Set(proofs.flatMap((p) => p.methods))],
    expiresAt: ends.length ? Math.min(...ends) : undefined,
    auditChain: proofs.map((p) => p.auditChain).find((id) => id !== undefined),
    scope: delegated[0]?.scope ?? first.scope,
    delegation: delegated[0]?.delegation,
  }
}

interface Named {
  id?: string
  name?: string
  domain?: { id?: string; name?: string }
}

/** A name alone is not enough: it is unique only in its domain. Throws 400. */
function ensureNamed(what: string, part: Named): void {
  if (part.id !== undefined) return
  if (part.name === undefined) throw badRequest(`Expecting to find id or name in ${what}.`)
  if (part.domain?.id === undefined && part.domain?.name === undefined)
    throw badRequest(`Expecting to find domain in ${what}: a name is unique only in its domain.`)
}

const ensureUser = (user: Named | undefined): void => {
  if (user) ensureNamed('user', user)
}

/** One scope at most. Throws 400. */
function ensureScope(asked: ScopeRequest | undefined): void {
  if (asked === undefined || asked === 'unscoped') return
  const kinds = (['project', 'domain', 'system', 'unscoped', 'OS-TRUST:trust'] as const).filter((kind) => asked[kind] !== undefined)
  if (kinds.length > 1) throw badRequest(`A token has one scope: ${kinds.join(' and ')} exclude each other.`)
  if (asked.project) ensureNamed('project', asked.project)
  if (asked.domain && asked.domain.id === undefined && asked.domain.name === undefined)
    throw badRequest('Expecting to find id or name in domain.')
}
