import type { Migration } from '../src/db/schema.ts'

/** A task has any number of locks; those of tasks that have ended are gone, so a look for who is first reads few rows. */
export const tasksAndEvents: Migration = {
  name: '0024-tasks-and-events',
  change(schema) {
    schema.table('task_locks', { lock_key: 'text', seq: 'int', task_id: 'text' }, { primary: ['lock_key', 'seq'], index: [['seq']] })
    schema.sql(
      `insert into task_locks (lock_key, seq, task_id)
       select lock_key, seq, id from tasks where state in ('ready', 'waiting', 'undoing')`,
    )
    schema.sql('drop index tasks_lock_key_seq')
    schema.sql('alter table tasks drop column lock_key')
    schema.sql('alter table tasks drop column interrupts')
  },
}
