import type { Migration } from '../src/db/schema.ts'

/** What tokens by EC2 keys name, beside the id of the keys, which follows from the access key and so comes back with it. */
export const credentialDelegations: Migration = {
  name: '0021-credential-delegations',
  change(schema) {
    schema.addColumn('identity_credentials', 'delegation_id', 'text=')
    schema.sql('update identity_credentials set delegation_id = id')
    schema.index('identity_credentials', ['delegation_id'])
  },
}
