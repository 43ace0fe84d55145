// The public namespaces of a fresh cloud, from data files: what Nephos itself pays attention to.

import computeCapabilities from '../../../../data/metadata-definitions/compute-capabilities.json' with { type: 'json' }
import computeQuota from '../../../../data/metadata-definitions/compute-quota.json' with { type: 'json' }
import guestHardware from '../../../../data/metadata-definitions/guest-hardware.json' with { type: 'json' }
import operatingSystem from '../../../../data/metadata-definitions/operating-system.json' with { type: 'json' }
import softwareTags from '../../../../data/metadata-definitions/software-tags.json' with { type: 'json' }
import type { Cloud } from '../../../cloud.ts'
import { insertNamespace, type NewNamespace } from './namespaces/create.ts'

const provided = [computeCapabilities, computeQuota, guestHardware, operatingSystem, softwareTags] as unknown as NewNamespace[]

/** Inserts them once in the life of a cloud: what an administrator deletes stays deleted. */
export async function loadDefinitions(cloud: Cloud): Promise<void> {
  const { database, environment } = cloud
  const now = new Date(environment.clock.now()).toISOString()
  const admin = await database.read
    .selectFrom('identity_projects')
    .select('id')
    .where('name', '=', 'admin')
    .where('domain_id', '=', 'default')
    .executeTakeFirst()
  await database.write(async ({ db }) => {
    // Resource types are never deleted: when there is one, this has been done.
    if (await db.selectFrom('metadata_resource_types').select('name').limit(1).executeTakeFirst()) return
    for (const namespace of provided) await insertNamespace(db, environment.uuid(), namespace, admin?.id ?? 'admin', now)
  })
}
