// OS-REVOKE, as today's clients have it, and what is left of the time when tokens were signed documents.
import { Type } from 'typebox'
import { badRequest, Fault } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { revocations } from '../../../auth/revocations.ts'
import type { RevocationEventRow } from '../../../auth/tables.ts'
import { WholeCollection, wholeCollection } from '../collection.ts'
import { fullTime } from '../delegations/expiry.ts'
import { cloudRule } from '../rules.ts'

const names = {
  user_id: 'user_id',
  role_id: 'role_id',
  domain_id: 'domain_id',
  project_id: 'project_id',
  audit_id: 'audit_id',
  audit_chain_id: 'audit_chain_id',
  trust_id: 'OS-TRUST:trust_id',
  consumer_id: 'OS-OAUTH1:consumer_id',
  access_token_id: 'OS-OAUTH1:access_token_id',
} as const

const Word = Type.Optional(Type.String())
/** What is named has to be that of a token, all of it, for the token to have ended. */
const Event = Type.Object({
  ...(Object.fromEntries(Object.values(names).map((name) => [name, Word])) as Record<(typeof names)[keyof typeof names], typeof Word>),
  issued_before: Type.String(),
  revoked_at: Type.String(),
})

const view = (row: RevocationEventRow) => ({
  ...Object.fromEntries(
    Object.entries(names).flatMap(([column, name]) => {
      const value = row[column as keyof typeof names]
      return value === null ? [] : [[name, value]]
    }),
  ),
  issued_before: fullTime(row.revoked_at),
  revoked_at: fullTime(row.revoked_at),
})

/** ISO time of `since`. Throws 400. */
function sinceOf(text: string | null): string | null {
  if (text === null) return null
  const ms = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)?$/.test(text)
    ? Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
    : Number.NaN
  if (Number.isNaN(ms)) throw badRequest(`invalidate date format ${text.slice(0, 64)}`)
  return new Date(ms).toISOString()
}

const common = { method: 'GET', majors: ['v3'], catalog: [] as string[] } as const
const gone = (id: string, path: '/OS-SIMPLE-CERT/ca' | '/OS-SIMPLE-CERT/certificates' | '/auth/tokens/OS-PKI/revoked') =>
  operation({
    ...common,
    id,
    path,
    summary: 'Gone with signed tokens',
    auth: 'none',
    policy: null,
    async handle() {
      throw new Fault(410, 'This API is no longer available due to the removal of support for PKI tokens.')
    },
  })

export const revocationOperations = [
  operation({
    ...common,
    id: 'revocations.list',
    path: '/OS-REVOKE/events',
    summary: 'List what ended tokens',
    policy: cloudRule('identity:list_revoke_events', 'rule:service_or_admin', 'List what ended tokens.'),
    policyTarget: () => ({}),
    query: Type.Object({ since: Word }),
    answer: WholeCollection('events', Event),
    async handle(context) {
      const rows = await revocations(context.db, sinceOf(context.rawQuery.get('since')))
      return wholeCollection(context, 'events', '/OS-REVOKE/events', rows.map(view))
    },
  }),
  gone('simple-cert.ca', '/OS-SIMPLE-CERT/ca'),
  gone('simple-cert.certificates', '/OS-SIMPLE-CERT/certificates'),
  gone('tokens.revoked', '/auth/tokens/OS-PKI/revoked'),
]
