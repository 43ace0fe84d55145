// Faults that rise from deeper layers, in their place among those of the service.
import { TooManyWaiting } from '../auth/turns.ts'
import { isBrokenReference, isTooComplex, isUniqueViolation } from '../db/database.ts'
import { QuotaExceeded } from '../quota/quota.ts'
import { badRequest, conflict, Fault, forbidden } from './faults.ts'
import type { ServiceDeclaration } from './service.ts'

/** What a client is told of the error; null where it is one of ours. */
export function deeperFault(error: unknown, service: ServiceDeclaration): Fault | null {
  if (error instanceof Fault) return error
  if (error instanceof QuotaExceeded) {
    return service.faults.quota?.(error.resource, error.limit, error.inUse, error.requested) ?? forbidden(error.message)
  }
  if (error instanceof TooManyWaiting)
    return new Fault(error.ofClient ? 429 : 503, 'Too many logins, passwords and keys are waiting for their turn. Try again later.', {
      headers: { 'retry-after': '1' },
    })
  if (isUniqueViolation(error)) return conflict('Conflict occurred: a resource with these attributes exists already.')
  if (isBrokenReference(error)) return conflict('Conflict occurred: what this refers to is being deleted, or is taken into use.')
  if (isTooComplex(error)) return badRequest('The request has more filters or sort keys than the database takes at once.')
  const code = (error as NodeJS.ErrnoException)?.code ?? ''
  if (['ENOSPC', 'EDQUOT', 'SQLITE_FULL', '53100'].includes(code)) return new Fault(507, 'There is not enough space left on the storage.')
  if (['EROFS', 'SQLITE_READONLY', '25006'].includes(code)) return new Fault(503, 'The storage cannot be written at present.')
  return null
}
