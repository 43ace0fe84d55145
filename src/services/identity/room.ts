// What a user makes without any quota has an end: each list shows all of it, and it stays until the user goes.
import { forbidden } from '../../api/faults.ts'

/** Credentials, application credentials, trusts: so many of each. */
export const mostOfUser = 1000

/** Throws 403, in upstream's words, for a user who has as many as may be. */
export function ensureRoom(what: string, { count }: { count: number | string }): void {
  if (Number(count) >= mostOfUser)
    throw forbidden(`Unable to create additional ${what}, maximum of ${mostOfUser} already exceeded for user.`)
}
