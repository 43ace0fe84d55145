import type { Migration } from '../src/db/schema.ts'
import { core } from './0001-core.ts'
import { identity } from './0002-identity.ts'
import { network } from './0003-network.ts'
import { image } from './0004-image.ts'
import { compute } from './0005-compute.ts'
import { objectStore } from './0006-object-store.ts'
import { imageMore } from './0007-image-more.ts'
import { identityMore } from './0008-identity-more.ts'
import { computeGroups } from './0009-compute-groups.ts'
import { endpointTemplates } from './0010-endpoint-templates.ts'
import { identitySecurity } from './0011-identity-security.ts'
import { federation } from './0012-federation.ts'
import { imageStores } from './0013-image-stores.ts'
import { objectStoreSpeed } from './0014-object-store-speed.ts'
import { containerSync } from './0015-container-sync.ts'
import { policyAssociations } from './0016-policy-associations.ts'
import { imageLists } from './0018-image-lists.ts'
import { objectListings } from './0019-object-listings.ts'
import { identityRetiredIds } from './0020-identity-retired-ids.ts'
import { credentialDelegations } from './0021-credential-delegations.ts'
import { boundServers } from './0022-bound-servers.ts'
import { consoleAskers } from './0023-console-askers.ts'
import { serverLocks } from './0025-server-locks.ts'

/** All migrations, oldest first. A released one is never changed. */
export const migrations: Migration[] = [
  core,
  identity,
  network,
  image,
  compute,
  objectStore,
  imageMore,
  identityMore,
  computeGroups,
  endpointTemplates,
  identitySecurity,
  federation,
  imageStores,
  objectStoreSpeed,
  containerSync,
  policyAssociations,
  imageLists,
  objectListings,
  identityRetiredIds,
  credentialDelegations,
  boundServers,
  consoleAskers,
  serverLocks,
]
