// Tokens of v2.0 (reference 8.2, 9.2).

import { Type } from 'typebox'
import { badRequest, notFound, unauthorized } from '../../../api/faults.ts'
import { type BaseContext, operation, resource } from '../../../api/operation.ts'
import { SecretText } from '../../../api/types.ts'
import { revokeAudit } from '../../../auth/store.ts'
import type { Who } from '../../../auth/who.ts'
import { defaultDomainId } from '../bootstrap.ts'
import { findScope, issueToken, provePassword, proveToken } from '../tokens/authenticate.ts'
import type { ScopeRequest } from '../tokens/schema.ts'
import { tokenRules } from '../tokens/subject.ts'
import { v2 } from './common.ts'
import { Access, Paged, TokenEndpoint } from './schema.ts'
import { accessView, serviceCatalog } from './token-view.ts'

const Word = Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()]))
const AuthRequest = Type.Object({
  auth: Type.Object({
    tenantName: Word,
    tenantId: Word,
    passwordCredentials: Type.Optional(Type.Object({ username: Word, userId: Word, password: SecretText({ maxLength: 4096 }) })),
    token: Type.Optional(Type.Object({ id: SecretText({ maxLength: 4096 }) })),
  }),
})

const create = operation({
  ...v2,
  id: 'v2.tokens.create',
  method: 'POST',
  path: '/tokens',
  summary: 'Authenticate',
  catalog: ['identity-v2.0.tokens.authenticate', 'identity-v2.0-admin.tokens.authenticate-for-admin-api'],
  auth: 'none',
  policy: null,
  body: AuthRequest,
  transaction: 'none',
  answer: Access,
  async handle({ cloud, request, body: { auth } }) {
    const { tenantName, tenantId, passwordCredentials, token } = auth
    if (tenantName && tenantId) throw badRequest('Name and ID of a tenant exclude each other.')
    if (!passwordCredentials === !token) throw badRequest('Expecting to find either passwordCredentials or token in auth.')
    let proof: Awaited<ReturnType<typeof proveToken>>
    if (passwordCredentials) {
      const { username, userId, password } = passwordCredentials
      if (!username === !userId) throw badRequest('Expecting to find either username or userId in passwordCredentials.')
      proof = await provePassword(cloud, userId ? { id: userId, password } : { name: username!, domain: { id: defaultDomainId }, password })
    } else proof = await proveToken(cloud, token!.id.reveal())
    const asked: ScopeRequest | undefined = tenantId
      ? { project: { id: tenantId } }
      : tenantName
        ? { project: { name: tenantName, domain: { id: defaultDomainId } } }
        : token
          ? 'unscoped'
          : undefined
    const issued = await issueToken(cloud, proof, await findScope(cloud, asked, proof))
    ensureOurs(issued.who)
    return accessView(cloud, issued.token, issued.who, (url) => cloud.endpoints.shown(url, request))
  },
})

/** This version knows only the default domain: a token that names another could not be told apart. */
function ensureOurs(who: Who): void {
  if (who.user.domain.id !== defaultDomainId || (who.project && who.project.domain.id !== defaultDomainId)) throw unauthorized()
}

/** Read by `findV2Token`. */
export const BelongsTo = Type.Object({ belongsTo: Type.Optional(Type.String()) })

/** The token in the path. With `belongsTo` it must be scoped to that tenant, else 401 as upstream. */
export async function findV2Token(token: string, { cloud, rawQuery }: BaseContext): Promise<Who | undefined> {
  const who = await cloud.tokens.authenticate(token)
  if (!who || who.user.domain.id !== defaultDomainId) return undefined
  // This version cannot say that a token is bound by access rules.
  if (who.delegation?.authority.application?.accessRules) return undefined
  const tenant = rawQuery.get('belongsTo')
  if (tenant && who.project?.id !== tenant) throw unauthorized()
  return who
}

const subject = resource<'subject', Who>({
  name: 'subject',
  param: 'token_id',
  load: findV2Token,
  target: (who) => ({ target: { token: { user_id: who.user.id } } }),
  missing: () => 'Could not find token.',
})
const one = { ...v2, path: '/tokens/{token_id}', on: subject, query: BelongsTo } as const

export const v2Tokens = [
  create,
  operation({
    ...one,
    id: 'v2.tokens.validate',
    method: 'GET',
    summary: 'Validate token',
    catalog: ['identity-v2.0-admin.tokens.validate-token'],
    policy: tokenRules.validate,
    answer: Access,
    handle: ({ cloud, request, params, subject }) =>
      accessView(cloud, params.token_id, subject, (url) => cloud.endpoints.shown(url, request)),
  }),
  operation({
    ...one,
    id: 'v2.tokens.check',
    method: 'HEAD',
    summary: 'Validate token (admin)',
    catalog: ['identity-v2.0-admin.tokens.validate-token-admin'],
    policy: tokenRules.check,
    handle: async () => undefined,
  }),
  operation({
    ...one,
    id: 'v2.tokens.delete',
    method: 'DELETE',
    summary: 'Delete token',
    catalog: ['identity-v2.0-admin.tokens.delete-token'],
    status: 204,
    policy: tokenRules.revoke,
    handle: ({ tx, subject, cloud }) => revokeAudit(tx.db, subject.auditIds, subject.expiresAt, cloud.environment.clock.now()),
  }),
  operation({
    ...v2,
    id: 'v2.tokens.endpoints',
    method: 'GET',
    path: '/tokens/{token_id}/endpoints',
    on: subject,
    summary: 'List endpoints for token',
    catalog: [],
    policy: tokenRules.validate,
    query: BelongsTo,
    answer: Paged('endpoints', TokenEndpoint),
    async handle({ cloud, request, db, subject }) {
      if (!subject.project) throw notFound('The token has no tenant and so no endpoints.')
      const services = await serviceCatalog(db, subject.project.id, (url) => cloud.endpoints.shown(url, request))
      return {
        endpoints: services.flatMap(({ type, name, endpoints }) => endpoints.map((endpoint) => ({ ...endpoint, type, name }))),
        endpoints_links: [],
      }
    },
  }),
]
