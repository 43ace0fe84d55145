import { type Static, Type } from 'typebox'
import { badRequest, conflict, forbidden, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { Closed, Name, SecretText } from '../../../api/types.ts'
import type { ApplicationCredentialRow } from '../../../auth/delegation-tables.ts'
import { findUser } from '../../../auth/store.ts'
import type { Who } from '../../../auth/who.ts'
import type { Db } from '../../../db/database.ts'
import { Id, missing } from '../attributes.ts'
import { boundedExpiry, Expiry } from '../delegations/expiry.ts'
import { ensureUnrestricted } from '../delegations/own-authority.ts'
import { ensureAmong, handedRoles, RoleList } from '../delegations/roles.ts'
import { ApplicationCredential, applicationCredentialRules, applicationCredentialView, ownerTarget } from './resource.ts'
import { newSecret } from './secret.ts'
import { accessRulesById, findApplicationCredentialByName, insertAccessRule, insertApplicationCredential } from './store.ts'

const AccessRule = Closed({
  id: Type.Optional(Id),
  service: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  method: Type.Optional(Type.Unsafe<string>({ enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] })),
  path: Type.Optional(Type.String({ minLength: 1, maxLength: 128, pattern: '^/' })),
})
const Create = Type.Object({
  application_credential: Closed({
    name: Name,
    description: Type.Optional(Type.Union([Type.String({ maxLength: 4096 }), Type.Null()])),
    secret: Type.Optional(Type.Union([SecretText({ minLength: 1, maxLength: 4096 }), Type.Null()])),
    roles: Type.Optional(RoleList),
    expires_at: Expiry,
    unrestricted: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    access_rules: Type.Optional(Type.Array(AccessRule, { maxItems: 100 })),
    project_id: Type.Optional(Type.Union([Id, Type.Null()])),
  }),
})
type Rule = Static<typeof AccessRule>

/** Ids of the rules: those named by id, and new ones for the others. */
async function keepRules(db: Db, userId: string, rules: Rule[], id: () => string): Promise<string[]> {
  const ids: string[] = []
  for (const rule of rules) {
    if (rule.id !== undefined) {
      const [known] = await accessRulesById(db, [rule.id])
      if (known?.user_id !== userId) throw notFound(missing('Access Rule')(rule.id))
      ids.push(known.id)
      continue
    }
    const row = { id: id(), user_id: userId, service: rule.service ?? null, method: rule.method ?? null, path: rule.path ?? null }
    if (row.service === null || row.method === null || row.path === null) throw badRequest('An access rule has service, method and path.')
    await insertAccessRule(db, row)
    ids.push(row.id)
  }
  return ids
}

/** Roles asked for, or all that the token has. */
function rolesFor(db: Db, who: Who, asked: { id?: string; name?: string }[] | undefined, projectId: string): Promise<string[]> {
  return asked?.length ? handedRoles(db, asked, who.user.id, projectId) : Promise.resolve(who.roles.map((role) => role.id))
}

/** With the secret, which is shown this once. */
const Made = Type.Object({ ...ApplicationCredential.properties, secret: Type.String() })

export const createApplicationCredential = operation({
  id: 'application-credentials.create',
  method: 'POST',
  path: '/users/{user_id}/application_credentials',
  majors: ['v3'],
  summary: 'Create an application credential',
  catalog: [],
  body: Create,
  status: 201,
  transaction: 'none', // a secret that was chosen is hashed outside
  policy: applicationCredentialRules.create,
  policyTarget: ({ params }) => ownerTarget(params.user_id),
  answer: Type.Object({ application_credential: Made }),
  async handle(context) {
    const { cloud, who, now, params } = context
    const { environment } = cloud
    const { application_credential: asked } = context.body
    ensureUnrestricted(who)
    if (!who.project) throw badRequest('An application credential needs a token scoped to a project.')
    const project = who.project
    if (asked.project_id && asked.project_id !== project.id) throw forbidden('An application credential is for the project of the token.')
    const unrestricted = asked.unrestricted ?? false
    const { secret, hash: secret_hash } = await newSecret(cloud, asked.secret)
    const view = await context.write(async (tx) => {
      const { db } = tx
      if (!(await findUser(db, params.user_id))) throw notFound(missing('user')(params.user_id))
      if (await findApplicationCredentialByName(db, params.user_id, asked.name))
        throw conflict(`Conflict occurred attempting to store application_credential - Duplicate entry found with name ${asked.name}.`)
      const role_ids = await rolesFor(db, who, asked.roles, project.id)
      for (const id of role_ids) ensureAmong(who.roles, id)
      // A delegated token with access rules hands on no more than these.
      const bound = who.delegation?.authority.application?.accessRules
      if (bound && (!asked.access_rules || asked.access_rules.some((rule) => !bound.some(({ id }) => id === rule.id))))
        throw forbidden('Access rules of the token can be handed on only by their ids.')
      const row: ApplicationCredentialRow = {
        id: environment.hexId(),
        name: asked.name,
        user_id: params.user_id,
        project_id: project.id,
        description: asked.description ?? null,
        secret_hash,
        role_ids,
        unrestricted,
        access_rule_ids: await keepRules(db, params.user_id, asked.access_rules ?? [], () => environment.hexId()),
        expires_at: boundedExpiry(asked.expires_at, now, who.delegation),
        created_at: now,
      }
      await insertApplicationCredential(db, row)
      return applicationCredentialView(row, { ...context, db })
    })
    return { application_credential: { ...view, secret } }
  },
})
