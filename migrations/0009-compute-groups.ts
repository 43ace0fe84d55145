import type { Migration } from '../src/db/schema.ts'

/** Server groups: which servers belong together or apart. */
export const computeGroups: Migration = {
  name: '0009-compute-groups',
  change(schema) {
    schema.table(
      'compute_server_groups',
      {
        seq: 'serial',
        id: 'text',
        name: 'text',
        policy: 'text',
        project_id: 'text',
        user_id: 'text',
        placements: 'int=0',
        created_at: 'time',
      },
      { unique: [['id']], index: [['project_id', 'seq']] },
    )
    schema.table('compute_server_group_members', { server_id: 'text', group_id: 'text' }, { primary: ['server_id'], index: [['group_id']] })
  },
}
