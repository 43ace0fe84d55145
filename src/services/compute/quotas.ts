// What compute counts and limits. Those without usage here bound one request, or belong to the network service.
import type { QuotaDefaults } from '../../quota/quota.ts'

export const quotas: QuotaDefaults = {
  'compute.instances': 10,
  'compute.cores': 20,
  'compute.ram': 51200,
  'compute.metadata_items': 128,
  'compute.injected_files': 5,
  'compute.injected_file_content_bytes': 10240,
  'compute.injected_file_path_bytes': 255,
  'compute.key_pairs': 100,
  'compute.server_groups': 10,
  'compute.server_group_members': 10,
  'compute.floating_ips': -1,
  'compute.fixed_ips': -1,
  'compute.security_groups': -1,
  'compute.security_group_rules': -1,
}
