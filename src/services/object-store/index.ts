// Object store (reference chapter 15): accounts, containers and objects, as Swift has them.
import { service } from '../../api/service.ts'
import type { Cloud } from '../../cloud.ts'
import { createAccount, deleteAccount, updateAccount } from './accounts/change.ts'
import { accountMissing } from './accounts/missing.ts'
import { headAccount, showAccount } from './accounts/read.ts'
import { createContainer, deleteContainer, updateContainer } from './containers/change.ts'
import { headContainer, showContainer } from './containers/read.ts'
import { remoteOf } from './engines/remote.ts'
import { showEndpoints, showOwnEndpoints } from './info/endpoints.ts'
import { crossDomain, healthcheck, showInfo } from './info/info.ts'
import { deleteObject, updateObject } from './objects/change.ts'
import { copyObject } from './objects/copy.ts'
import { expireObjects } from './objects/expire.ts'
import { headObject, showObject } from './objects/get.ts'
import { putObject } from './objects/put.ts'
import { readPath } from './paths.ts'
import { bootstrapRoles } from './roles.ts'
import { accessRules } from './rules.ts'
import { inPathStyle } from './s3/hosts.ts'
import { s3Operations } from './s3/index.ts'
import { loadObjectStoreSettings, objectStoreSettings } from './settings.ts'
import { createAuditor } from './storage/auditor.ts'
import { prepareFolders } from './storage/data.ts'
import { knownData, sweepData, sweepIncoming } from './storage/sweep.ts'
import { syncContainers } from './sync/worker.ts'
import { answered, preflights } from './web/cors.ts'

export const objectStore = service({
  name: 'object-store',
  description: 'Object Store',
  ports: [8080],
  faultStyle: 'object-store',
  majors: [{ id: 'v1' }, { id: 'v1.0' }],
  projectInPath: false,
  requests: {
    path: (config, request, given) => inPathStyle(config, request, readPath(given)),
    tokenHeader: 'x-storage-token',
    mayHoldNul: new Set(['marker', 'end_marker']),
    id: { header: 'x-trans-id', make: transactionId },
  },
  catalog: [{ type: 'object-store', name: 'swift', path: '/v1/AUTH_%(project_id)s' }],
  baseRules: {},
  moreRules: accessRules,
  operations: [
    showInfo,
    healthcheck,
    crossDomain,
    showEndpoints,
    showOwnEndpoints,
    ...preflights,
    ...accountMissing,
    ...[
      showAccount,
      headAccount,
      createAccount,
      updateAccount,
      deleteAccount,
      showContainer,
      headContainer,
      createContainer,
      updateContainer,
      deleteContainer,
      showObject,
      headObject,
      putObject,
      copyObject,
      updateObject,
      deleteObject,
    ].map(answered),
    ...s3Operations,
  ],
  begin,
  bootstrap: bootstrapRoles,
})

/** `tx`, 21 hex digits of chance, and the seconds in ten more. */
function transactionId({ environment }: Cloud): string {
  const seconds = Math.floor(environment.clock.now() / 1000)
  return `tx${environment.random.bytes(11).toString('hex').slice(0, 21)}-${seconds.toString(16).padStart(10, '0')}`
}

async function begin(cloud: Cloud): Promise<void> {
  loadObjectStoreSettings(cloud.config)
  prepareFolders(cloud)
  await sweepIncoming(cloud)
  const started = cloud.environment.clock.now()
  cloud.tasks.periodic('expire objects', 5000, () => expireObjects(cloud))
  cloud.tasks.periodic('synchronise containers', 1000, () => syncContainers(cloud))
  const auditor = createAuditor(cloud)
  cloud.tasks.periodic('audit objects', 30_000, async () => void (await auditor.step()))
  const remote = remoteOf(cloud)
  // Like image stores: one that is away is asked for long, and the cloud starts without it.
  remote?.check().catch((error: Error) => {
    const { endpoint, bucket } = objectStoreSettings(cloud.config).backend!
    cloud.log.error({ endpoint, bucket, error: error.message }, 'the S3 service behind the object store cannot be used')
  })
  cloud.tasks.periodic('settle remote objects', 60_000, async () => void (await remoteOf(cloud)?.settle((ids) => knownData(cloud, ids))))
  // Soon after the start and then daily: a process that is restarted often looks too.
  let nextRemoteSweep = started + 600_000
  cloud.tasks.periodic('sweep remote objects', 60_000, async () => {
    if (cloud.environment.clock.now() < nextRemoteSweep) return
    nextRemoteSweep = cloud.environment.clock.now() + 86_400_000
    await remoteOf(cloud)?.sweep((ids) => knownData(cloud, ids))
  })
  let nextSweep = started
  cloud.tasks.periodic('sweep object files', 1000, async () => {
    if (cloud.environment.clock.now() < nextSweep) return
    nextSweep = cloud.environment.clock.now() + 3_600_000
    await sweepData(cloud, started)
  })
}
