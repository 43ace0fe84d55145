import type { Migration } from '../src/db/schema.ts'

/**
 * A task has any number of locks; those of tasks that have ended are gone, so a look for who is first reads few rows. It may be started by
 * another (under a name of that one's step, so once), tells how far it is, and leaves a result for those that wait for its end.
 */
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
    for (const [column, kind] of Object.entries({
      parent_id: 'text?',
      parent_key: 'text?',
      result: 'json?',
      progress: 'int?',
      progress_note: 'text?',
    })) {
      schema.addColumn('tasks', column, kind)
    }
    schema.sql('create unique index tasks_parent_id_parent_key on tasks (parent_id, parent_key)')
    schema.table('task_waits', { task_id: 'text', waits_for: 'text' }, { primary: ['task_id', 'waits_for'], index: [['waits_for']] })
  },
}
