// Who asks, as networking needs to know it.
import { badRequest, forbidden } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { adminRule, type PolicyCredentials, type PolicyTarget } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'

export interface Actor {
  /** '' on a token without project. */
  projectId: string
  /** Sees and may take what is any project's. */
  isAdmin: boolean
}

/** What looking for things needs of a request, of this service or of another one. */
export type Looker = Pick<BaseContext, 'cloud' | 'who'>

/** What making and changing things needs of a request, of this service or of another one. */
export type Asker = Looker & Pick<BaseContext, 'tx' | 'now'>

/** By networking's own rule, whichever service asks on somebody's behalf. */
export const isAdmin = (cloud: Cloud, credentials: PolicyCredentials): boolean =>
  cloud.policies.get('network')!.holds(adminRule, credentials)

export const actorOf = ({ cloud, who }: Looker): Actor => ({
  projectId: who.project?.id ?? '',
  isAdmin: isAdmin(cloud, who.credentials),
})

/** The project that a new thing shall belong to. */
export function ownerOf(context: Looker, asked: { project_id?: string; tenant_id?: string }): string {
  const { projectId, isAdmin } = actorOf(context)
  const { project_id = asked.tenant_id, tenant_id = project_id } = asked
  if (project_id !== tenant_id) throw badRequest("'project_id' and 'tenant_id' do not match")
  if (project_id === undefined || project_id === projectId) {
    if (!projectId) throw badRequest('Running without keystone AuthN requires that tenant_id is specified')
    return projectId
  }
  if (!isAdmin) {
    throw badRequest(
      "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin privileges",
      'HTTPBadRequest',
    )
  }
  return project_id
}

/**
 * Asks the rule `verb:attribute` for each of `guarded` that the request gives: upstream has a rule for every attribute that
 * not everybody may set. Throws 403.
 */
export function checkAttributes(
  context: Pick<BaseContext, 'allows'>,
  verb: string,
  guarded: readonly string[],
  given: object,
  target: PolicyTarget,
): void {
  for (const name of guarded) {
    if ((given as Record<string, unknown>)[name] === undefined) continue
    const rule = `${verb}:${name}`
    if (!context.allows(rule, target)) {
      throw forbidden(`(rule:${verb} and rule:${rule}) is disallowed by policy`, 'PolicyNotAuthorized')
    }
  }
}

/** Of those attributes, the ones that the rules `verb:attribute` let the request see. */
export const seenAttributes = <Name extends string>(
  { allows }: Pick<BaseContext, 'allows'>,
  verb: string,
  hidden: readonly Name[],
): readonly Name[] => hidden.filter((name) => allows(`${verb}:${name}`))

/** What rules see of a thing that belongs to a project. */
export const ownedBy = (projectId: string, more: PolicyTarget = {}): PolicyTarget => ({
  project_id: projectId,
  tenant_id: projectId,
  ...more,
})
