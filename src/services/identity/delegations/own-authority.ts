// Who may make or see something with which others, or later tokens, act: only who acts by an authority of their own.
import { forbidden } from '../../../api/faults.ts'
import type { Who } from '../../../auth/who.ts'

/** Throws 403 for a token that acts with what was handed over. */
export function ensureOwnAuthority(who: Who): void {
  if (who.delegation) throw forbidden('A token that acts with what was delegated cannot be used for this.')
}

/** Throws 403 for an application credential: a trust would outlive it and know nothing of its access rules, whatever it may do otherwise. */
export function ensureNoApplication(who: Who): void {
  if (who.delegation?.authority.application) throw forbidden('An application credential cannot be used for trusts.')
}

/** Throws 403 for what was handed over, but not for application credentials, which may see their like. */
export function ensureApplicationOrOwn(who: Who): void {
  if (!who.delegation?.authority.application) ensureOwnAuthority(who)
}

/** The same, but application credentials that were made `unrestricted` may, never with more than they have. */
export function ensureUnrestricted(who: Who): void {
  if (!who.delegation?.authority.application?.unrestricted) ensureOwnAuthority(who)
}
