// What operations on users and groups do about those of a directory: reads look there first (`prepare`, `guard`), writes are refused (`guard`).
import { Fault, forbidden } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { directories, directoryOf, directoryWith, hasDirectories } from './directories.ts'
import type { Kind } from './store.ts'

const readOnly = () =>
  forbidden('The users and groups of this domain are those of a directory, which is read only: LDAP does not support write operations.')

async function refuseWrite({ cloud, db }: BaseContext, kind: Kind, id: string): Promise<void> {
  if (hasDirectories(cloud) && (await directoryWith(cloud, db, kind, id))) throw readOnly()
}

type OfUser = BaseContext & { params: { user_id: string } }
type OfGroup = BaseContext & { params: { group_id: string } }

/** Of what changes a user: refuses it where the user is a directory's. */
export const refuseDirectoryUser = (context: OfUser) => refuseWrite(context, 'user', context.params.user_id)
/** The same of a group and of who is in it. */
export const refuseDirectoryGroup = (context: OfGroup) => refuseWrite(context, 'group', context.params.group_id)

/** Of what makes a user or a group in a domain: refuses it where the domain has a directory. */
export async function refuseDirectoryDomain({ cloud }: BaseContext, domainId: string): Promise<void> {
  if (hasDirectories(cloud) && (await directoryOf(cloud, domainId))) throw readOnly()
}

/** Before a user is shown: the directory is asked for it again. */
export async function freshenUser({ cloud, db, params }: OfUser): Promise<void> {
  await (await directoryWith(cloud, db, 'user', params.user_id))?.freshenUser(params.user_id)
}

/** Before a group is shown. */
export async function freshenGroup({ cloud, db, params }: OfGroup): Promise<void> {
  await (await directoryWith(cloud, db, 'group', params.group_id))?.freshen()
}

/** Before a list: of one domain it needs its directory; of all domains, those that do not answer are shown as they were. */
export async function freshenLists({ cloud, rawQuery, who }: BaseContext): Promise<void> {
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
