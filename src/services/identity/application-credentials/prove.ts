// Method `application_credential` of a request for a token.
import { unauthorized } from '../../../api/faults.ts'
import type { Secret } from '../../../auth/secret.ts'
import { findScopeByName, findUserByName } from '../../../auth/store.ts'
import type { Cloud } from '../../../cloud.ts'
import { type Proof, proveDelegation } from '../tokens/authenticate.ts'
import { isSecret } from './secret.ts'
import { findApplicationCredential, findApplicationCredentialByName } from './store.ts'

interface Asked {
  id?: string
  name?: string
  user?: { id?: string; name?: string; domain?: { id?: string; name?: string } }
  secret: Secret
}

async function find(cloud: Cloud, { id, name, user }: Asked) {
  const { read } = cloud.database
  if (id !== undefined) return findApplicationCredential(read, id)
  if (name === undefined || !user) return undefined
  let userId = user.id
  if (userId === undefined && user.name !== undefined) {
    const domainId = user.domain?.id ?? (user.domain?.name === undefined ? undefined : (await findScopeByName(read, user.domain.name))?.id)
    userId = domainId === undefined ? undefined : (await findUserByName(read, domainId, user.name))?.id
  }
  return userId === undefined ? undefined : findApplicationCredentialByName(read, userId, name)
}

/** By id, or by name and user. Takes as long for one that is not there as for a wrong secret. Throws 401. */
export async function proveApplicationCredential(cloud: Cloud, asked: Asked): Promise<Proof> {
  const row = await find(cloud, asked)
  const right = await isSecret(cloud, asked.secret, row?.secret_hash ?? null)
  if (!right || !row) throw unauthorized()
  return proveDelegation(cloud, 'application_credential', row.id, row.user_id, ['application_credential'])
}
