// A token by trust: `scope: {"OS-TRUST:trust": {"id": ...}}`.
import { forbidden, unauthorized } from '../../../api/faults.ts'
import { findTrust } from '../../../auth/delegation.ts'
import type { Who } from '../../../auth/who.ts'
import type { Cloud } from '../../../cloud.ts'
import { issueToken, type Proof, proveDelegation } from '../tokens/authenticate.ts'
import { useTrust } from './store.ts'

/** Throws 401 for a trust that counts no more, 403 for who is not its trustee and when all uses are gone. */
export async function issueByTrust(cloud: Cloud, proof: Proof, id: string): Promise<{ token: string; who: Who }> {
  if (proof.delegation) throw forbidden('A token that acts with what was delegated cannot be used to get another token.')
  const trust = await findTrust(cloud.database.read, id)
  if (!trust) throw unauthorized()
  if (trust.trustee_user_id !== proof.userId) throw forbidden('User is not a trustee.')
  const delegated = await proveDelegation(cloud, 'trust', id, proof.userId, proof.methods)
  const expiresAt = Math.min(proof.expiresAt ?? Number.POSITIVE_INFINITY, delegated.expiresAt ?? Number.POSITIVE_INFINITY)
  const issued = await issueToken(
    cloud,
    { ...delegated, epoch: proof.epoch, auditChain: proof.auditChain, ...(Number.isFinite(expiresAt) ? { expiresAt } : {}) },
    delegated.scope!,
  )
  if (!(await cloud.database.write(({ db }) => useTrust(db, id)))) throw forbidden(`No remaining uses for trust: ${id}`)
  return issued
}
