// What the operations on users and groups do about those of a directory: reads look there first, writes are refused.
import { Fault, forbidden } from '../../../api/faults.ts'
import type { BaseContext, Operation } from '../../../api/operation.ts'
import { homeDomain } from '../projects/create.ts'
import { directories, directoryOf, directoryWith, hasDirectories } from './directories.ts'
import type { Kind } from './store.ts'

type Any = BaseContext & { params: Record<string, string>; body?: Record<string, { domain_id?: string }> } & Record<string, { id: string }>

const refusal = () =>
  forbidden('The users and groups of this domain are those of a directory, which is read only: LDAP does not support write operations.')

async function ensureLocal({ cloud, db }: BaseContext, kind: Kind, id: string | undefined): Promise<void> {
  if (id !== undefined && (await directoryWith(cloud, db, kind, id))) throw refusal()
}
async function ensureLocalDomain({ cloud }: BaseContext, id: string): Promise<void> {
  if (await directoryOf(cloud, id)) throw refusal()
}

const writesUser = (c: Any) => ensureLocal(c, 'user', c.params.user_id)
const writesGroup = (c: Any) => ensureLocal(c, 'group', c.params.group_id)
/** Refuses what would write to a directory: by the rule, so that no other path to the same change is forgotten, or by the operation that has none. */
const writes: Record<string, (context: Any) => Promise<void>> = {
  'identity:create_user': (c) => ensureLocalDomain(c, c.major === 'v2.0' ? 'default' : (c.body!.user!.domain_id ?? homeDomain(c.who))),
  'identity:update_user': writesUser,
  'identity:delete_user': writesUser,
  'identity:change_password': writesUser,
  'users.change-password': writesUser,
  'identity:create_group': (c) => ensureLocalDomain(c, c.body!.group!.domain_id ?? homeDomain(c.who)),
  'identity:update_group': writesGroup,
  'identity:delete_group': writesGroup,
  'identity:add_user_to_group': writesGroup,
  'identity:remove_user_from_group': writesGroup,
}

/** Lists: of one domain they need its directory; of all domains, those that do not answer are shown as they were. */
async function freshenLists({ cloud, rawQuery, who }: BaseContext): Promise<void> {
  const asked = rawQuery.get('domain_id') ?? who.domain?.id
  if (!hasDirectories(cloud)) return
  for (const directory of await directories(cloud)) {
    if (asked !== undefined) {
      if ((await directory.domainId()) === asked) await directory.freshen()
    } else if (!directory.isAway())
      await directory.freshen().catch((error) => {
        if (!(error instanceof Fault)) throw error
      })
  }
}
const lists = new Set(['users.list', 'groups.list'])
const ofUser = new Set(['users.show', 'users.groups', 'users.projects', 'v2.users.show'])
const ofGroup = new Set(['groups.show', 'groups.users', 'groups.users.check'])

/** The same operations, with what directories ask for. */
export const withDirectories = (operations: Operation[]): Operation[] =>
  operations.map((operation) => {
    const { id, on, handle, policy } = operation
    const write = writes[policy?.name ?? id]
    if (write)
      return {
        ...operation,
        async handle(context: Any) {
          if (hasDirectories(context.cloud)) await write(context)
          return handle(context as never)
        },
      } as Operation
    if (lists.has(id))
      return {
        ...operation,
        async handle(context: Any) {
          await freshenLists(context)
          return handle(context as never)
        },
      } as Operation
    if (on && ofUser.has(id))
      return {
        ...operation,
        on: {
          ...on,
          async load(rowId: string, context: BaseContext) {
            await (await directoryWith(context.cloud, context.db, 'user', rowId))?.freshenUser(rowId)
            return on.load(rowId, context)
          },
        },
      }
    if (ofGroup.has(id))
      return {
        ...operation,
        async handle(context: Any) {
          await (await directoryWith(context.cloud, context.db, 'group', context.params.group_id!))?.freshen()
          return handle(context as never)
        },
      } as Operation
    return operation
  })
