import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { revokeAudit } from '../../../auth/store.ts'
import { subject, tokenRules } from './subject.ts'

/** Reference 6.2.4. With a token go those that were made from it. */
export const revokeToken = operation({
  id: 'tokens.revoke',
  method: 'DELETE',
  path: '/auth/tokens',
  majors: ['v3'],
  summary: 'Revoke a token',
  catalog: ['identity-v3.tokens.revoke-token'],
  status: 204,
  on: subject,
  policy: tokenRules.revoke,
  query: Type.Object({ allow_expired: Type.Optional(Type.String()) }),
  handle: ({ tx, subject, cloud }) => revokeAudit(tx.db, subject.auditIds, subject.expiresAt, cloud.environment.clock.now()),
})
