// Who asks, as networking needs to know it.
import { badRequest, forbidden } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { adminRule, type PolicyCredentials, type PolicyTarget } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'

/** Whose rows a query gives. */
export interface Viewer {
  /** '' on a token without project. */
  projectId: string
  /** Rows of all projects are given. */
  seesAll: boolean
}

export interface Actor extends Viewer {
  /** May take what is any project's. */
  isAdmin: boolean
}

/** What looking for things needs of a request, of this service or of another one. */
export type Looker = Pick<BaseContext, 'cloud' | 'who'>

/** What making and changing things needs of a request, of this service or of another one. */
export type Asker = Looker & Pick<BaseContext, 'tx' | 'now'>

/** By networking's own rule, whichever service asks on somebody's behalf. */
export const isAdmin = (cloud: Cloud, credentials: PolicyCredentials): boolean =>
  cloud.policies.get('network')!.holds(adminRule, credentials)

export const administrator = (projectId: string): Actor => ({ projectId, seesAll: true, isAdmin: true })
export const ordinary = (projectId: string): Actor => ({ projectId, seesAll: false, isAdmin: false })

/** Who makes and changes things. What they refer to must be visible, and that a rule lets somebody look at everything is not enough. */
export const actorOf = ({ cloud, who }: Looker): Actor =>
  (isAdmin(cloud, who.credentials) ? administrator : ordinary)(who.project?.id ?? '')

/** The rule of services that have ports on everybody's networks. */
export const serviceRule = 'context_is_advsvc'
/** Rules by which upstream lets somebody look at rows of all projects; the rule of each row is asked besides. */
const wideRules = ['context_with_global_access', serviceRule]

/** Who looks at a row whose own rule is asked afterwards. */
export function viewerOf(looker: Looker): Viewer {
  const { projectId, seesAll } = actorOf(looker)
  const policy = looker.cloud.policies.get('network')!
  return { projectId, seesAll: seesAll || wideRules.some((name) => policy.holds(name, looker.who.credentials)) }
}

/** Who lists rows: besides administrators, all of them are given only to who may see any row, whosever it is, by the rule. */
export function listerOf(context: Looker & Pick<BaseContext, 'allows'>, rule: string): Viewer {
  const actor = actorOf(context)
  return actor.seesAll || !viewerOf(context).seesAll || !context.allows(rule, {}) ? actor : { ...actor, seesAll: true }
}

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
