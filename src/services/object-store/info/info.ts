import { operation, reply } from '../../../api/operation.ts'
import { maxDeletes, maxFailed as mostFailed } from '../bulk/delete.ts'
import { maxFailed } from '../bulk/extract.ts'
import { yieldFrequency } from '../large-objects/heartbeat.ts'
import { limits as segments } from '../large-objects/manifest.ts'
import { limits } from '../limits.ts'
import { maxSteps } from '../objects/links.ts'
import { realmInfo } from '../sync/target.ts'

/** What this cloud can do, as clients ask for it. */
export const capabilities = {
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
  async handle({ cloud }) {
    const told = { ...capabilities, container_sync: { realms: realmInfo(cloud) } }
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
  async handle() {
    const body =
      '<?xml version="1.0"?>\n<!DOCTYPE cross-domain-policy SYSTEM "http://www.adobe.com/xml/dtds/cross-domain-policy.dtd" >\n<cross-domain-policy>\n<allow-access-from domain="*" secure="false" />\n</cross-domain-policy>'
    return reply({ headers: { 'content-type': 'application/xml' }, body })
  },
})
