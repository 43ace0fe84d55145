// The whole cloud as one object: what main starts and what tests make for themselves.
import { checkDeclarations } from './api/declared.ts'
import { createPipeline, type ServicePipeline } from './api/pipeline.ts'
import type { ServiceDeclaration } from './api/service.ts'
import { type Keys, openKeys, type Purpose } from './auth/keys.ts'
import { createPolicy, notOfDomains, type Policy } from './auth/policy.ts'
import { createReceipts, type Receipts } from './auth/receipts.ts'
import { keepKeysFresh, rotateKeys } from './auth/rotation.ts'
import { createTokens, type Tokens } from './auth/tokens.ts'
import type { Config } from './config.ts'
import type { Database } from './db/database.ts'
import { documentedOperations } from './documented.ts'
import { createEndpoints, type Endpoints } from './endpoints.ts'
import type { Environment } from './environment.ts'
import { createEvents, type Events } from './events/events.ts'
import { createHosts, type Hosts } from './host/client.ts'
import type { Log } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { unaskedRules } from './policy-file.ts'
import { createQuota, type Quota } from './quota/quota.ts'
import type { Facades } from './services/facades.ts'
import { createTasks, type Tasks } from './tasks/runner.ts'

export interface Cloud extends Facades {
  config: Config
  environment: Environment
  database: Database
  log: Log
  metrics: Metrics
  endpoints: Endpoints
  tokens: Tokens
  receipts: Receipts
  tasks: Tasks<Cloud>
  events: Events
  hosts: Hosts
  quota: Quota
  services: ServiceDeclaration[]
  pipelines: Map<string, ServicePipeline>
  /** Policy of a service by its name. */
  policies: Map<string, Policy>
  keys: Keys
  /** What services keep in memory; see service-state.ts. */
  state: Map<symbol, unknown>
  /** New keys of tokens or of secrets: the staged one becomes primary. Gives how many secrets were put under it. */
  rotateKeys(purpose: Purpose): Promise<number>
}

/** Wires the services over an open, migrated database. Nothing listens and no task runs yet. */
export async function createCloud(parts: {
  config: Config
  environment: Environment
  database: Database
  log: Log
  services: ServiceDeclaration[]
  facades: (cloud: Cloud) => Facades
  policyOverrides?: Record<string, string>
}): Promise<Cloud> {
  const { config, environment, database, log, services } = parts
  const keys = await openKeys({ config, environment, database })
  const cloud = {
    config,
    environment,
    database,
    log,
    services,
    metrics: createMetrics(),
    endpoints: createEndpoints(config, services),
    tokens: createTokens({ database, environment, keys, lifetimeSeconds: config.tokenLifetime }),
    receipts: createReceipts({ environment, keys: keys.token, lifetimeSeconds: config.receiptLifetime }),
    quota: createQuota(Object.assign({}, ...services.map((service) => service.quotas ?? {}))),
    events: createEvents({ database, environment, log, kept: config.eventsKept }),
    pipelines: new Map(),
    policies: new Map(),
    state: new Map(),
    keys,
    rotateKeys: (purpose: Purpose) => rotateKeys({ database, environment, keys }, purpose),
  } as unknown as Cloud
  cloud.tasks = createTasks<Cloud>({
    database,
    environment,
    log,
    cloud: () => cloud,
    declarations: services.flatMap((service) => service.tasks ?? []),
  })
  cloud.hosts = createHosts({ database, environment, tasks: () => cloud.tasks })
  Object.assign(cloud, parts.facades(cloud))
  const knownRules = new Set<string>()
  for (const service of services) {
    checkDeclarations(service, services)
    const rules = [...service.operations.flatMap((o) => (o.policy ? [o.policy] : [])), ...(service.moreRules ?? [])]
    const policy = createPolicy(
      { ...service.baseRules, ...Object.fromEntries(rules.map(({ name, check }) => [name, check])) },
      parts.policyOverrides,
      {
        own: new Map(rules.flatMap(({ name, scopes }) => (scopes ? [[name, scopes] as const] : []))),
        others: service.scopes ?? notOfDomains,
      },
    )
    for (const name of [...Object.keys(service.baseRules ?? {}), ...rules.map((one) => one.name)]) knownRules.add(name)
    cloud.policies.set(service.name, policy)
    cloud.pipelines.set(service.name, createPipeline(cloud, service, policy, documentedOperations(service)))
  }
  for (const sentence of unaskedRules(parts.policyOverrides ?? {}, knownRules)) log.warn({}, sentence)
  cloud.tasks.periodic('purge events', 3_600_000, () => cloud.events.purge())
  cloud.tasks.periodic('keys', 3_600_000, () => keepKeysFresh({ config, environment, database, keys }))
  for (const service of services) await service.begin?.(cloud)
  return cloud
}
