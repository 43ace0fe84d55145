// Where our compute differs from the official description in `official.json`, and why.
import type { Difference } from '../../testing/official.ts'

const volumes = '* /v2.1/servers/{server_id}/os-volume_attachments*'

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
    operations: [volumes],
    part: 'body',
    missing: ['volumeAttachment.*'],
    reason: 'not built: refused with 501',
  },
  {
    operations: ['GET /v2.1/os-migrations', volumes],
    part: 'query',
    missing: ['hidden', 'host', 'instance_uuid', 'migration_type', 'source_compute', 'status', 'limit', 'offset'],
    reason: 'not built: the lists are empty whatever is asked for',
  },
  {
    operations: 'GET /v2.1/servers*',
    part: 'query',
    missing: [
      ...['auto_disk_config', 'block_device_mapping', 'created_at', 'description', 'display_description', 'display_name', 'image_ref'],
      ...['info_cache', 'kernel_id', 'launch_index', 'launched_at', 'locked_by', 'metadata', 'pci_devices', 'power_state', 'progress'],
      ...['ramdisk_id', 'root_device_name', 'security_groups', 'services', 'soft_deleted', 'system_metadata', 'terminated_at'],
    ],
    reason: 'not built: by these filters nothing is narrowed yet',
  },
  {
    operations: 'POST /v2.1/servers',
    part: 'body',
    missing: ['*.build_near_host_ip', '*.cidr', '*.different_cell', '*.query.*', '*.target_cell'],
    reason: 'not built: hints that no scheduler here follows are refused',
  },
  {
    operations: 'POST /v2.1/servers',
    part: 'body',
    missing: ['server.block_device_mapping[].*', 'server.block_device_mapping_v2[].*'],
    more: ['server.block_device_mapping'],
    reason: 'not built: a server has no volumes yet, and what would need one is refused with 501',
  },
  // What is so on purpose.
  {
    operations: 'GET /v2.1/servers*',
    part: 'query',
    more: ['all_projects', 'is_deleted'],
    reason: 'other spellings that clients use',
  },
  {
    operations: ['GET /v2.1/servers*', 'GET /v2.1/flavors*'],
    part: 'query',
    more: ['sort'],
    reason: 'sort=name:desc is the form of other services',
  },
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
