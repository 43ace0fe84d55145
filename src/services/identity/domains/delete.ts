import { forbidden } from '../../../api/faults.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import type { Project } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { ensureMutable } from '../attributes.ts'
import { tellProject } from '../events.ts'
import { deleteDomain } from './store.ts'

/** Takes away a domain with all that is in it; 403 unless it was disabled before. */
export async function removeDomain(cloud: Cloud, tx: Tx, domain: Project, now: string): Promise<void> {
  if (domain.enabled) throw forbidden('Cannot delete a domain that is enabled, please disable it first.')
  if (domain.id === 'default') throw forbidden('The default domain cannot be deleted.')
  ensureMutable('domain', domain)
  await deleteDomain(tx.db, domain.id)
  await tellProject(cloud, tx, 'deleted', domain)
  await noteRevocation(tx.db, now, { domain_id: domain.id })
}
