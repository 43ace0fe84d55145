import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Rule, Scope } from '../auth/policy.ts'
import type { Cloud } from '../cloud.ts'
import type { Config } from '../config.ts'
import type { Machine } from '../db/machine.ts'
import type { QuotaDefaults } from '../quota/quota.ts'
import type { TaskDeclaration } from '../tasks/task.ts'
import type { FaultDialect } from './faults.ts'
import { type BaseContext, type Operation, withOtherPaths } from './operation.ts'
import type { XmlDialect } from './xml/dialect.ts'

export interface Major {
  /** As in the path: `v2.1`. */
  id: string
  /** Microversions, where it has them. */
  min?: string
  max?: string
  /** Fields that a body's schema does not know are ignored and not refused. */
  lenient?: boolean
  /** How its bodies are as XML, where it has that besides JSON; the service's unless given. */
  xml?: XmlDialect
}

export interface CatalogEntry {
  type: string
  name: string
  /** Path behind the service's root, `%(project_id)s` where a project belongs: `/v2.1`. */
  path: string
  /** Interface to port where it is not the service's own. */
  adminPort?: number
}

/** Something that speaks HTTP beside the API, on a port of its own or under `/NAME` on the single one: a console proxy. */
export interface Listener {
  name: string
  port: number
  handle(cloud: Cloud, request: IncomingMessage, response: ServerResponse, prefix: string): void
  upgrade?(cloud: Cloud, request: IncomingMessage, socket: Duplex, head: Buffer, prefix: string): void
}

/** What clients know of a service and it has not got, besides what the references document: 501 instead of 404. */
export interface UnbuiltOperation {
  method: string
  /** Below the version. */
  path: string
  title: string
}

/** How the requests of a service differ from those of the others. */
export interface OwnRequests {
  /** The path as the routes know it, of one that is written in another way or whose host says something too. Throws a fault for none. */
  path(config: Config, request: IncomingMessage, given: string): string
  /** Header that a token may come in besides X-Auth-Token. */
  tokenHeader: string
  /** Parameters of the query that may hold a NUL: no name has one, so it marks a place between names. */
  mayHoldNul: ReadonlySet<string>
  /** Header and form of a request id of its own, which is then used everywhere. */
  id: { header: string; make(cloud: Cloud): string }
}

/** A service: the table of contents of its folder. */
export interface ServiceDeclaration {
  /** Folder and reference name: `compute`. Also the path prefix on a single port. */
  name: string
  description: string
  ports: number[]
  faults: FaultDialect
  /** How bodies are as XML, where the service has that besides JSON. */
  xml?: XmlDialect
  majors: Major[]
  /** True where a project id may stand between version and resource: `/v2.1/{project_id}/servers`. */
  projectInPath: boolean
  /** `refused`: a resource's path with a slash at its end is not found, instead of being the same as without. */
  trailingSlash?: 'refused'
  /** A header that has the request's id too, besides the one that all services have. */
  requestIdHeader?: string
  /** Calls an operation's handler, where the service does something around all of them; the handler itself unless given. */
  perform?(context: BaseContext, operation: Operation): Promise<unknown>
  /** What its requests have of their own. */
  requests?: OwnRequests
  /** Headers of microversions: `OpenStack-API-Version: compute 2.1` and the older one. */
  microversions?: { type: string; legacyHeader?: string }
  catalog: CatalogEntry[]
  /** Rules that others refer to, by name. */
  baseRules: Record<string, string>
  /** For what tokens its rules are, but for those that say it themselves. Unless given, none for a domain: those are for identity, as upstream. */
  scopes?: readonly Scope[]
  /** Rules that handlers ask for besides the operations' own (`allows`). */
  moreRules?: Rule[]
  operations: Operation[]
  unbuilt?: UnbuiltOperation[]
  listeners?: Listener[]
  tasks?: TaskDeclaration<never, Cloud>[]
  /** The states of its things; drawn in docs/states.md. */
  machines?: readonly Machine<never>[]
  quotas?: QuotaDefaults
  /** Called once when the cloud is made: registers listeners and periodic work. */
  begin?(cloud: Cloud): void | Promise<void>
  /** Called at each start after migration: what a fresh cloud needs (default roles, external network). Idempotent. */
  bootstrap?(cloud: Cloud): Promise<void>
}

export const service = (declaration: ServiceDeclaration): ServiceDeclaration => ({
  ...declaration,
  operations: withOtherPaths(declaration.operations),
})
