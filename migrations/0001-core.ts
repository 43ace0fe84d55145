import type { Migration } from '../src/db/schema.ts'

/** Tasks and their journal, hosts and their documents, quota, settings of the cloud itself. */
export const core: Migration = {
  name: '0001-core',
  change(schema) {
    schema.table(
      'tasks',
      {
        seq: 'serial',
        id: 'text',
        kind: 'text',
        input: 'json',
        lock_key: 'text',
        interrupts: 'bool',
        state: 'text',
        step: 'int=0',
        interrupted: 'bool=0',
        error: 'text?',
        wait_key: 'text?',
        wait_until: 'int?',
        run_at: 'int',
        owner: 'text?',
        lease_until: 'int=0',
        request_id: 'text',
        created_at: 'time',
        finished_at: 'time?',
      },
      { unique: [['id']], index: [['state', 'run_at'], ['lock_key', 'seq'], ['wait_key']] },
    )
    schema.table('task_steps', { task_id: 'text', step: 'text', result: 'json?', finished_at: 'time' }, { primary: ['task_id', 'step'] })
    schema.table(
      'hosts',
      {
        name: 'text',
        session: 'text',
        facts: 'json',
        enabled: 'bool=1',
        disabled_reason: 'text?',
        last_seen: 'int',
        created_at: 'time',
      },
      { primary: ['name'] },
    )
    schema.table(
      'host_documents',
      {
        host: 'text',
        kind: 'text',
        id: 'text',
        generation: 'int',
        spec: 'json?',
        pending: 'bool',
        done_generation: 'int=0',
        outcome: 'text?',
        error: 'text?',
        host_status: 'json?',
        updated_at: 'time',
      },
      {
        primary: ['host', 'kind', 'id'],
        index: [
          ['host', 'pending'],
          ['kind', 'id'],
        ],
      },
    )
    schema.table('quota_usages', { project_id: 'text', resource: 'text', in_use: 'int=0' }, { primary: ['project_id', 'resource'] })
    schema.table('quota_limits', { project_id: 'text', resource: 'text', hard_limit: 'int' }, { primary: ['project_id', 'resource'] })
  },
}
