// The public namespaces of a fresh cloud, from data files: names that images, flavors and aggregates of today's clouds carry.

import aggregateLimits from '../../../../data/metadata-definitions/aggregate-limits.json' with { type: 'json' }
import computeCapabilities from '../../../../data/metadata-definitions/compute-capabilities.json' with { type: 'json' }
import computeQuota from '../../../../data/metadata-definitions/compute-quota.json' with { type: 'json' }
import cpuPinning from '../../../../data/metadata-definitions/cpu-pinning.json' with { type: 'json' }
import guestHardware from '../../../../data/metadata-definitions/guest-hardware.json' with { type: 'json' }
import guestMemory from '../../../../data/metadata-definitions/guest-memory.json' with { type: 'json' }
import hypervisor from '../../../../data/metadata-definitions/hypervisor.json' with { type: 'json' }
import libvirtImage from '../../../../data/metadata-definitions/libvirt-image.json' with { type: 'json' }
import numaTopology from '../../../../data/metadata-definitions/numa-topology.json' with { type: 'json' }
import operatingSystem from '../../../../data/metadata-definitions/operating-system.json' with { type: 'json' }
import softwareTags from '../../../../data/metadata-definitions/software-tags.json' with { type: 'json' }
import trustedImage from '../../../../data/metadata-definitions/trusted-image.json' with { type: 'json' }
import watchdog from '../../../../data/metadata-definitions/watchdog.json' with { type: 'json' }
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { insertNamespace, type NewNamespace } from './namespaces/create.ts'

const provided = [
  computeCapabilities,
  computeQuota,
  guestHardware,
  operatingSystem,
  softwareTags,
  aggregateLimits,
  cpuPinning,
  guestMemory,
  hypervisor,
  libvirtImage,
  numaTopology,
  trustedImage,
  watchdog,
] as unknown as NewNamespace[]

/** Inserts them once in the life of a cloud, and `also` does what else belongs to a fresh one: what an administrator deletes stays deleted. */
export async function loadDefinitions(cloud: Cloud, owner: string, also: (tx: Tx) => Promise<void>): Promise<void> {
  const { database, environment } = cloud
  const now = new Date(environment.clock.now()).toISOString()
  await database.write(async (tx) => {
    const { db } = tx
    // Resource types are never deleted: when there is one, this has been done.
    if (await db.selectFrom('metadata_resource_types').select('name').limit(1).executeTakeFirst()) return
    for (const namespace of provided) await insertNamespace(db, environment.uuid(), namespace, owner, now)
    await also(tx)
  })
}
