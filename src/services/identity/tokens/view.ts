import type { Static } from 'typebox'
import type { Who } from '../../../auth/who.ts'
import type { CatalogService } from '../catalog.ts'
import { passwordTime } from '../users/view.ts'
import type { TokenAnswer } from './answer.ts'

/** `2026-11-21T09:38:39.000000Z`: six digits, as clients parse it. */
export const tokenTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

/** The v3 token (reference 6.2.1); without `catalog` where it was not asked for or there is no scope. */
type Token = Static<typeof TokenAnswer>['token']

export function tokenView(
  who: Who,
  catalog: CatalogService[] | null,
  serviceProviders: NonNullable<Token['service_providers']> = [],
): { token: Token } {
  return {
    token: {
      methods: who.methods,
      user: {
        ...pickNamed(who.user),
        domain: who.user.domain,
        password_expires_at: passwordTime(who.user.passwordExpiresAt),
        ...federationView(who),
      },
      ...(who.project ? { is_domain: who.project.isDomain, project: { ...pickNamed(who.project), domain: who.project.domain } } : {}),
      ...(who.domain ? { domain: who.domain } : {}),
      ...(who.system ? { system: { all: true as const } } : {}),
      ...(who.roles.length ? { roles: who.roles.map(pickNamed) } : {}),
      ...delegationView(who),
      ...(catalog ? { catalog } : {}),
      ...(serviceProviders.length ? { service_providers: serviceProviders } : {}),
      expires_at: tokenTime(who.expiresAt),
      issued_at: tokenTime(who.issuedAt),
      audit_ids: who.auditIds,
    },
  }
}

const pickNamed = ({ id, name }: { id: string; name: string }) => ({ id, name })

/** Who vouched for the user, and the groups that came of it. */
const federationView = ({ federation }: Who) =>
  federation
    ? {
        'OS-FEDERATION': {
          groups: federation.groupIds.map((id) => ({ id })),
          identity_provider: { id: federation.providerId },
          protocol: { id: federation.protocolId },
        },
      }
    : {}

/** What the token says of the delegation that it acts by. */
function delegationView({ delegation }: Who) {
  if (!delegation) return {}
  const { id, authority } = delegation
  const { trust, application, consumerId } = authority
  if (trust)
    return {
      'OS-TRUST:trust': {
        id,
        impersonation: trust.impersonation,
        trustor_user: { id: trust.trustor_user_id },
        trustee_user: { id: trust.trustee_user_id },
      },
    }
  if (application)
    return {
      application_credential: {
        id,
        name: application.name,
        restricted: !application.unrestricted,
        ...(application.accessRules ? { access_rules: application.accessRules.map(({ user_id: _, ...rule }) => rule) } : {}),
      },
    }
  return consumerId === undefined ? {} : { 'OS-OAUTH1': { access_token_id: id, consumer_id: consumerId } }
}
