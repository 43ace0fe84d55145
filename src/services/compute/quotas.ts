// What compute counts and limits. Those without usage here bound one request, or belong to the network service.
import { Fault } from '../../api/faults.ts'
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

/** A quota that is used up, in nova's words. */
export const quotaFault = (resource: string, limit: number, inUse: number, requested: number): Fault =>
  new Fault(
    403,
    resource === 'key_pairs'
      ? 'Quota exceeded, too many key pairs.'
      : `Quota exceeded for ${resource}: Requested ${requested}, but already used ${inUse} of ${limit} ${resource}`,
  )
