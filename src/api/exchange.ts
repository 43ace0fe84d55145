// One request on its way through the stages: what is known of it so far.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Policy, PolicyTarget } from '../auth/policy.ts'
import type { Who } from '../auth/who.ts'
import type { Cloud } from '../cloud.ts'
import type { Tx } from '../db/database.ts'
import type { Fault } from './faults.ts'
import type { BaseContext, Operation } from './operation.ts'
import type { Prepared } from './prepared.ts'
import type { Route, Router } from './router.ts'
import type { ServiceDeclaration } from './service.ts'
import type { VersionLine } from './versions.ts'
import type { XmlDialect } from './xml/dialect.ts'
import type { XmlElement } from './xml/read.ts'

/** A service as it is served: its declaration and what is worked out from that once. */
export interface Served {
  cloud: Cloud
  service: ServiceDeclaration
  policy: Policy
  line: VersionLine
  /** Made when the first request comes: a start, and a test, need few of the services. */
  router(): Router
  prepared(operation: Operation): Prepared
  /** Types of its catalog entries, as access rules name services. */
  types: string[]
  majorIds: ReadonlySet<string>
  lenientIds: ReadonlySet<string>
  /** Names of objects hold any character: their paths are taken as they come. */
  keepsPaths: boolean
}

export type HandlerContext = BaseContext & { params: Record<string, string>; query: unknown; body: unknown }

export interface Exchange {
  readonly served: Served
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What stands before the service's own paths on a single port: `/compute`. */
  readonly prefix: string
  requestId: string
  /** Where the query begins in the address; -1 without one. */
  mark: number
  path: string
  major: string
  /** Of the path, where the service has one there. */
  projectId: string | null
  /** The path behind version and project. */
  rest: string
  /** As text, '' where there is none. */
  microversion: string
  /** Of the version on the service's line. */
  place: number
  dialect: XmlDialect | undefined
  /** A fault is told only to those who have shown a token. */
  route: Route | { notBuilt: string } | Fault
  who: Who | null
  ahead: { generation: number } | undefined
  body: unknown
  /** A body that came as XML, until the operation is known whose schema says what it means. */
  xmlBody: XmlElement | undefined
  operation: Operation | null
  prepared: Prepared | null
  search: URLSearchParams
  query: Record<string, unknown>
  /** What is wrong with the body or the query; told only to those who may do what they ask for. */
  invalid: Fault | null
  tx: Tx | null
  context: HandlerContext
  /** What policy sees of what is acted on. */
  target: PolicyTarget
}

/** One thing that is done with every request. A fault that it throws is the answer. */
export type Stage = (exchange: Exchange) => void | Promise<void>

/** Runs stages in their order. Those that need not wait cost no turn of the loop. */
export async function through(stages: readonly Stage[], exchange: Exchange): Promise<void> {
  for (const stage of stages) {
    const waits = stage(exchange)
    if (waits) await waits
  }
}
