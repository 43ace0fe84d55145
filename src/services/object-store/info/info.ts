import { type Static, Type } from 'typebox'
import { operation, reply } from '../../../api/operation.ts'
import { maxDeletes, maxFailed as mostFailed } from '../bulk/delete.ts'
import { maxFailed } from '../bulk/extract.ts'
import { yieldFrequency } from '../large-objects/heartbeat.ts'
import { limits as segments } from '../large-objects/manifest.ts'
import { limits } from '../limits.ts'
import { maxSteps } from '../objects/links.ts'
import { realmInfo } from '../sync/target.ts'

const Empty = Type.Object({})
const counts = <const Names extends readonly string[]>(...names: Names) =>
  Object.fromEntries(names.map((name) => [name, Type.Integer()])) as Record<Names[number], ReturnType<typeof Type.Integer>>
const digests = { allowed_digests: Type.Array(Type.String()), deprecated_digests: Type.Array(Type.String()) }

const Capabilities = Type.Object({
  swift: Type.Object({
    version: Type.String(),
    ...counts(...(Object.keys(limits) as (keyof typeof limits)[]), 'extra_header_count'),
    account_autocreate: Type.Boolean(),
    allow_account_management: Type.Boolean(),
    policies: Type.Array(Type.Object({ name: Type.String(), aliases: Type.String(), default: Type.Boolean() })),
    strict_cors_mode: Type.Boolean(),
    valid_api_versions: Type.Array(Type.String()),
  }),
  account_quotas: Empty,
  bulk_delete: Type.Object(counts('max_deletes_per_request', 'max_failed_deletes')),
  bulk_upload: Type.Object(counts('max_containers_per_extraction', 'max_failed_extractions')),
  container_quotas: Empty,
  /** By realm, and in it by cluster. */
  container_sync: Type.Object({
    realms: Type.Record(
      Type.String(),
      Type.Object({ clusters: Type.Record(Type.String(), Type.Object({ current: Type.Optional(Type.Boolean()) })) }),
    ),
  }),
  crossdomain: Empty,
  dlo: Type.Object(counts('max_segments')),
  formpost: Type.Object(digests),
  object_versioning: Empty,
  slo: Type.Object({
    allow_async_delete: Type.Boolean(),
    ...counts('max_manifest_segments', 'max_manifest_size', 'min_segment_size', 'yield_frequency'),
  }),
  staticweb: Empty,
  symlink: Type.Object({ ...counts('symloop_max'), static_links: Type.Boolean() }),
  tempurl: Type.Object({
    methods: Type.Array(Type.String()),
    ...digests,
    incoming_allow_headers: Type.Array(Type.String()),
    incoming_remove_headers: Type.Array(Type.String()),
    outgoing_allow_headers: Type.Array(Type.String()),
    outgoing_remove_headers: Type.Array(Type.String()),
  }),
  versioned_writes: Type.Object({ allowed_flags: Type.Array(Type.String()) }),
})

/** What this cloud can do, as clients ask for it. */
export const capabilities: Omit<Static<typeof Capabilities>, 'container_sync'> = {
  swift: {
    version: '2.35.0',
    ...limits,
    account_autocreate: true,
    allow_account_management: true,
    extra_header_count: 0,
    policies: [{ name: 'Policy-0', aliases: 'Policy-0', default: true }],
    strict_cors_mode: true,
    valid_api_versions: ['v1', 'v1.0'],
  },
  account_quotas: {},
  bulk_delete: { max_deletes_per_request: maxDeletes, max_failed_deletes: mostFailed },
  container_quotas: {},
  dlo: { max_segments: 0 },
  slo: {
    allow_async_delete: false,
    max_manifest_segments: segments.max_manifest_segments,
    max_manifest_size: segments.max_manifest_size,
    min_segment_size: 1,
    yield_frequency: yieldFrequency,
  },
  bulk_upload: { max_containers_per_extraction: 10_000, max_failed_extractions: maxFailed },
  crossdomain: {},
  formpost: { allowed_digests: ['sha1', 'sha256', 'sha512'], deprecated_digests: ['sha1'] },
  object_versioning: {},
  staticweb: {},
  versioned_writes: { allowed_flags: ['x-versions-location', 'x-history-location'] },
  symlink: { symloop_max: maxSteps, static_links: true },
  tempurl: {
    methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
    allowed_digests: ['sha1', 'sha256', 'sha512'],
    deprecated_digests: ['sha1'],
    incoming_allow_headers: [],
    incoming_remove_headers: ['x-timestamp', 'x-open-expired'],
    outgoing_allow_headers: ['x-object-meta-public-*'],
    outgoing_remove_headers: ['x-object-meta-*'],
  },
}

const common = { auth: 'none', policy: null, majors: [''] } as const

export const showInfo = operation({
  ...common,
  id: 'info.show',
  method: 'GET',
  path: '/info',
  summary: 'List activated capabilities',
  catalog: ['object-store-v1.discoverability.list-activated-capabilities'],
  answer: Capabilities,
  async handle({ cloud }) {
    const told: Static<typeof Capabilities> = { ...capabilities, container_sync: { realms: realmInfo(cloud) } }
    return reply({ headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(told) })
  },
})

export const healthcheck = operation({
  ...common,
  id: 'info.healthcheck',
  method: 'GET',
  path: '/healthcheck',
  summary: 'Say that the service runs',
  catalog: [],
  answer: 'bytes',
  async handle() {
    return reply({ headers: { 'content-type': 'text/plain' }, body: 'OK' })
  },
})

export const crossDomain = operation({
  ...common,
  id: 'info.crossdomain',
  method: 'GET',
  path: '/crossdomain.xml',
  summary: 'Cross-domain policy for old browser plug-ins',
  catalog: [],
  answer: 'bytes',
  async handle() {
    const body =
      '<?xml version="1.0"?>\n<!DOCTYPE cross-domain-policy SYSTEM "http://www.adobe.com/xml/dtds/cross-domain-policy.dtd" >\n<cross-domain-policy>\n<allow-access-from domain="*" secure="false" />\n</cross-domain-policy>'
    return reply({ headers: { 'content-type': 'application/xml' }, body })
  },
})
