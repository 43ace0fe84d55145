import type { Migration } from '../src/db/schema.ts'

/** Who has locked a server: somebody of its project (`owner`) or an administrator (`admin`). */
export const serverLocks: Migration = {
  name: '0025-server-locks',
  change(schema) {
    schema.addColumn('compute_servers', 'locked_by', 'text?')
  },
}
