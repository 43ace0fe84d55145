import { Type } from 'typebox'
import { badRequest, forbidden } from '../../../api/faults.ts'
import type { Who } from '../../../auth/who.ts'

export const Expiry = Type.Optional(
  Type.Union([Type.String({ maxLength: 64, pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d' }), Type.Null()]),
)

/** ISO text with milliseconds, or with microseconds where they were given; null for ever. Text without a zone is UTC. Throws 400 for the past and for what is no time. */
export function expiryOf(text: string | null | undefined, now: string): string | null {
  if (text === undefined || text === null) return null
  const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
  if (Number.isNaN(ms)) throw badRequest('Invalid expires_at: it is not a time in ISO 8601.')
  const time = new Date(ms).toISOString()
  if (time <= now) throw badRequest('The expires_at must not be before now.')
  const micro = /\.\d{3}(\d{3})/.exec(text)?.[1]
  return micro === undefined ? time : time.replace('Z', `${micro}Z`)
}

/** Six digits, as clients parse it. */
export const fullTime = (iso: string | null): string | null => (iso === null ? null : iso.replace(/\.(\d{3})Z$/, '.$1000Z'))

/** As expiryOf; what is made with a delegated token ends no later than the delegation. Throws 403 when more was asked for. */
export function boundedExpiry(text: string | null | undefined, now: string, delegation: Who['delegation']): string | null {
  const asked = expiryOf(text, now)
  const end = delegation?.authority.expiresAt ?? null
  if (end !== null && asked !== null && asked > end)
    throw forbidden('Requested expiration time is more than what was delegated can provide.')
  return asked ?? end
}
