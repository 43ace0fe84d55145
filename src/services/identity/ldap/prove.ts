// A password that is a directory's to judge.

import { unauthorized } from '../../../api/faults.ts'
import type { Secret } from '../../../auth/secret.ts'
import { findProject, findUser, findUserByName } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import { directoryOf, hasDirectories } from './directories.ts'
import { findEntry } from './store.ts'

/**
 * The user's row when the directory says that the password is right; null when the user is none of a directory, so that the row here
 * decides. `domain` gives the domain's id where the user was named. Throws 401, and 503 when the directory does not answer.
 */
export async function proveByDirectory(
  cloud: Cloud,
  { id, name, password }: { id?: string; name?: string; password: Secret },
  domain: () => Promise<string | undefined>,
): Promise<User | null> {
  if (!hasDirectories(cloud)) return null
  const { read } = cloud.database
  const entry = id === undefined ? undefined : await findEntry(read, id, 'user')
  if (id !== undefined && !entry) return null
  const domainId = entry?.domain_id ?? (await domain())
  const directory = domainId === undefined ? undefined : await directoryOf(cloud, domainId)
  if (!directory) return null
  if (!entry) {
    if (name === undefined) return null
    const row = await findUserByName(read, domainId!, name)
    if (row && !(await findEntry(read, row.id, 'user'))) return null
  }
  const found = await directory.prove(entry ? 'id' : 'name', entry?.local_id ?? name!, password)
  const row = found === undefined || (id !== undefined && found !== id) ? undefined : await findUser(read, found)
  const home = row && (await findProject(read, row.domain_id))
  if (!row?.enabled || !home?.enabled) throw unauthorized()
  return row
}
