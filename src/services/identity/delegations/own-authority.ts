// Who may make or see something with which others, or later tokens, act: only who acts by an authority of their own.
import { forbidden } from '../../../api/faults.ts'
import type { Who } from '../../../auth/who.ts'

/** Throws 403 for a token that acts with what was handed over. */
export function ensureOwnAuthority(who: Who): void {
  if (who.delegation) throw forbidden('A token that acts with what was delegated cannot be used for this.')
}

/** The same, but application credentials that were made `unrestricted` may, never with more than they have. */
export function ensureUnrestricted(who: Who): void {
  if (!who.delegation?.authority.application?.unrestricted) ensureOwnAuthority(who)
}
