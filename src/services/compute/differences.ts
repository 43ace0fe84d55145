// Where our compute differs from the official description in `official.json`, and why.
import type { Difference } from '../../testing/official.ts'

const volumes = '* /v2.1/servers/{server_id}/os-volume_attachments*'
const interfaces = 'POST /v2.1/servers/{server_id}/os-interface'

export const differences: readonly Difference[] = [
  // What is not built yet.
  {
    operations: ['GET /v2.1/os-aggregates', 'GET /v2.1/os-migrations', volumes],
    part: 'answer',
    missing: ['aggregates[].*', 'migrations[].*', 'volumeAttachments[].*', 'volumeAttachment.*'],
    more: ['aggregates', 'migrations', 'volumeAttachments'],
    reason: 'not built: there are none of them, their lists are empty, and making one is refused with 501',
  },
  {
    operations: [volumes, interfaces],
    part: 'body',
    missing: ['volumeAttachment.*', 'interfaceAttachment.*'],
    reason: 'not built: refused with 501',
  },
  { operations: interfaces, part: 'answer', missing: ['interfaceAttachment.*'], reason: 'not built: refused with 501' },
  {
    operations: ['GET /v2.1/os-migrations', volumes],
    part: 'query',
    missing: ['hidden', 'host', 'instance_uuid', 'migration_type', 'source_compute', 'status', 'limit', 'offset'],
    reason: 'not built: the lists are empty whatever is asked for',
  },
  // What is so on purpose.
  {
    operations: 'GET /v2.1/os-networks*',
    part: 'answer',
    missing: [
      ...['*.bridge', '*.bridge_interface', '*.created_at', '*.deleted', '*.deleted_at', '*.dhcp_server', '*.dhcp_start', '*.enable_dhcp'],
      ...['*.host', '*.injected', '*.mtu', '*.multi_host', '*.priority', '*.project_id', '*.rxtx_base', '*.share_address', '*.updated_at'],
      ...['*.vlan', '*.vpn_private_address', '*.vpn_public_address', '*.vpn_public_port'],
    ],
    reason: 'what administrators saw of the networks that compute itself once made; those of the network service have none of it',
  },
  { operations: 'GET /v2.1/os-hosts', part: 'query', more: ['service'], reason: 'of the reference, and upstream takes it too' },
  {
    operations: 'PUT /v2.1/os-quota-sets/{id}',
    part: 'body',
    more: ['quota_set.tenant_id'],
    reason: 'older clients repeat the project of the path',
  },
]
