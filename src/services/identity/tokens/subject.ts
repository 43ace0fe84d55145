// The token that a request is about: X-Subject-Token.
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, resource } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Who } from '../../../auth/who.ts'
import { flag } from '../collection.ts'
import { adminOrSystemReader } from '../rules.ts'

/** The least version of access rules that a service must say it knows. */
const rulesVersion = 1

/** Throws 404 for a token bound by access rules where the asking service does not know them: it would let the token do everything. */
function ensureRulesAreKnown({ headers, request }: BaseContext, who: Who): void {
  if (request.method === 'DELETE') return // whoever may end a token need not know what it was for
  if (!who.delegation?.authority.application?.accessRules) return
  const known = Number(headers['openstack-identity-access-rules'] || Number.NaN)
  if (!(known >= rulesVersion)) throw notFound('Could not find token.')
}

async function find({ request, who, cloud, rawQuery }: BaseContext): Promise<Who | undefined> {
  const token = request.headers['x-subject-token']
  if (typeof token !== 'string' || !token) return undefined
  if (token === request.headers['x-auth-token']) return who
  const found = await cloud.tokens.authenticate(token)
  if (found || !rawQuery.size || !flag(rawQuery.get('allow_expired') ?? 'false')) return found ?? undefined
  const content = cloud.tokens.read(token, cloud.config.allowExpiredWindow)
  return (content && (await cloud.tokens.resolve(cloud.database.read, content))) ?? undefined
}

export const subject = resource({
  name: 'subject',
  param: '',
  async load(_id, context) {
    const found = await find(context)
    if (found) ensureRulesAreKnown(context, found)
    return found
  },
  target: (who) => ({ target: { token: { user_id: who.user.id, user: { domain: { id: who.user.domain.id } } } } }),
  missing: () => 'Could not find token.',
})

export const tokenRules = {
  validate: rule('identity:validate_token', `${adminOrSystemReader} or rule:service_role or rule:token_subject`, 'Validate a token.'),
  check: rule('identity:check_token', `${adminOrSystemReader} or rule:token_subject`, 'Check a token.'),
  revoke: rule('identity:revoke_token', 'rule:admin_required or rule:token_subject', 'Revoke a token.'),
}
