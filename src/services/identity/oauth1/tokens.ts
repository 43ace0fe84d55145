// From a consumer's request token to its access token (reference 7.3.6, 7.3.7), and the token that it gives (7.3.13).
import { timingSafeEqual } from 'node:crypto'
import { Type } from 'typebox'
import { badRequest, conflict, notFound, unauthorized } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import type { AccessTokenRow, RequestTokenRow } from '../../../auth/delegation-tables.ts'
import { findProject } from '../../../auth/store.ts'
import { missing } from '../attributes.ts'
import { encryptBlob } from '../credentials/blob.ts'
import { fullTime } from '../delegations/expiry.ts'
import { ensureOwnAuthority } from '../delegations/own-authority.ts'
import { handedRoles, RoleList } from '../delegations/roles.ts'
import { cloudRule } from '../rules.ts'
import { type Proof, proveDelegation } from '../tokens/authenticate.ts'
import { authorizeRequestToken, exchangeToken, findRequestToken, insertRequestToken } from './store.ts'
import { verifySigned } from './verify.ts'

const requestTokenMs = 28_800_000
const accessTokenMs = 86_400_000
const ids = (name: string) => [`identity-v3-ext.oauth-extension.${name}`]
const signed = { method: 'POST', majors: ['v3'], auth: 'none', policy: null, transaction: 'none', status: 201, answer: 'bytes' } as const

/** Form-encoded, as OAuth has it; today's clients wait for 201. */
const tokenReply = (id: string, secret: string, expiresAt: string) =>
  reply({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `oauth_token=${id}&oauth_token_secret=${secret}&oauth_expires_at=${fullTime(expiresAt)}`,
  })
const later = (now: string, ms: number) => new Date(Date.parse(now) + ms).toISOString()

const requestToken = operation({
  ...signed,
  id: 'oauth1.request-token',
  path: '/OS-OAUTH1/request_token',
  summary: 'Get an unauthorized request token',
  catalog: ids('get-unauthorized-request-token'),
  async handle(context) {
    const { cloud, headers, now } = context
    const { consumer } = await verifySigned(context, '/OS-OAUTH1/request_token', 'none')
    const projectId = headers['requested-project-id']
    if (typeof projectId !== 'string' || !projectId) throw badRequest('Expecting to find the header Requested-Project-Id.')
    if (!(await findProject(cloud.database.read, projectId))) throw notFound(missing('project')(projectId))
    const secret = cloud.environment.hexId()
    const row: RequestTokenRow = {
      id: cloud.environment.hexId(),
      consumer_id: consumer.id,
      encrypted_secret: encryptBlob(cloud, secret),
      verifier: null,
      authorizing_user_id: null,
      project_id: projectId,
      role_ids: [],
      expires_at: later(now, requestTokenMs),
    }
    await context.write(({ db }) => insertRequestToken(db, row, now))
    return tokenReply(row.id, secret, row.expires_at)
  },
})

const authorize = operation({
  id: 'oauth1.authorize',
  method: 'PUT',
  path: '/OS-OAUTH1/authorize/{request_token_id}',
  majors: ['v3'],
  summary: 'Authorize a request token with some of the own roles',
  catalog: [],
  body: Type.Object({ roles: RoleList }),
  policy: cloudRule('identity:authorize_request_token', 'rule:owner', 'Authorize a request token.'),
  answer: Type.Object({ token: Type.Object({ oauth_verifier: Type.String() }) }),
  async handle({ tx, who, params, body, now, cloud }) {
    ensureOwnAuthority(who)
    const row = await findRequestToken(tx.db, params.request_token_id)
    if (!row || row.expires_at <= now) throw notFound(missing('Request Token')(params.request_token_id))
    if (!body.roles.length) throw badRequest('At least one role must be delegated.')
    const role_ids = await handedRoles(tx.db, body.roles, who.user.id, row.project_id)
    const verifier = cloud.environment.random.bytes(8).toString('hex')
    if (!(await authorizeRequestToken(tx.db, row.id, { authorizing_user_id: who.user.id, role_ids, verifier })))
      throw conflict('The request token has been authorized already.')
    return { token: { oauth_verifier: verifier } }
  },
})

function isVerifier(given: string | undefined, right: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const accessToken = operation({
  ...signed,
  id: 'oauth1.access-token',
  path: '/OS-OAUTH1/access_token',
  summary: 'Exchange an authorized request token for an access token',
  catalog: ids('create-access-token'),
  async handle(context) {
    const { cloud, now } = context
    const { consumer, token, parameters } = await verifySigned(context, '/OS-OAUTH1/access_token', 'request')
    if (token.verifier === null || token.authorizing_user_id === null || !isVerifier(parameters.get('oauth_verifier'), token.verifier))
      throw unauthorized()
    const secret = cloud.environment.hexId()
    const row: AccessTokenRow = {
      id: cloud.environment.hexId(),
      consumer_id: consumer.id,
      encrypted_secret: encryptBlob(cloud, secret),
      authorizing_user_id: token.authorizing_user_id,
      project_id: token.project_id,
      role_ids: token.role_ids,
      expires_at: later(now, accessTokenMs),
      created_at: now,
    }
    if (!(await context.write(({ db }) => exchangeToken(db, token.id, row)))) throw unauthorized()
    return tokenReply(row.id, secret, row.expires_at!)
  },
})

/** Method `oauth1` of a request for a token. Throws 401. */
export async function proveAccessToken(context: BaseContext): Promise<Proof> {
  const { token } = await verifySigned(context, '/auth/tokens', 'access')
  return proveDelegation(context.cloud, 'access_token', token.id, token.authorizing_user_id, ['oauth1'])
}

export const oauthTokens = [requestToken, authorize, accessToken]
