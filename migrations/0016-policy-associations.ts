import type { Migration } from '../src/db/schema.ts'

/** Which policy is for an endpoint, for a service, or for a service in a region; what is not meant is ''. */
export const policyAssociations: Migration = {
  name: '0016-policy-associations',
  change(schema) {
    schema.table(
      'identity_policy_associations',
      { endpoint_id: 'text', service_id: 'text', region_id: 'text', policy_id: 'text' },
      { primary: ['endpoint_id', 'service_id', 'region_id'], index: [['policy_id'], ['service_id'], ['region_id']] },
    )
  },
}
