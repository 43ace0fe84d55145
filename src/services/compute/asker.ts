// Who asks, as compute needs to know it.
import { forbidden } from '../../api/faults.ts'
import type { BaseContext } from '../../api/operation.ts'
import { adminRule } from '../../auth/policy.ts'

type Asker = Pick<BaseContext, 'cloud' | 'who'>

/** Upstream decides some things by no rule of their own but by who is an administrator: the rule `context_is_admin` says it here too. */
export const isAdmin = ({ cloud, who }: Asker): boolean => cloud.policies.get('compute')!.holds(adminRule, who.credentials)

/** The project that what is made will belong to. Throws 403 for a token without one, which an administrator of the system has. */
export function ownProject({ who }: Pick<BaseContext, 'who'>): string {
  if (!who.project) throw forbidden('A token of a project is needed here.')
  return who.project.id
}

/** The project whose rows the asker may know of; null: those of all. */
export const seenProject = (asker: Asker): string | null => (isAdmin(asker) ? null : (asker.who.project?.id ?? ''))
