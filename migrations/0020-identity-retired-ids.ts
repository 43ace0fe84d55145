import type { Migration } from '../src/db/schema.ts'

/** Ids of projects and domains that are no more: what other services keep under them must not come to another owner. */
export const identityRetiredIds: Migration = {
  name: '0020-identity-retired-ids',
  change(schema) {
    schema.table('identity_retired_ids', { id: 'text' }, { primary: ['id'] })
  },
}
