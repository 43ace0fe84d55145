import type { Migration } from '../src/db/schema.ts'

/**
 * A task has any number of locks; those of tasks that have ended are gone, so a look for who is first reads few rows. It may be started by
 * another (under a name of that one's step, so once), tells how far it is, and leaves a result for those that wait for its end.
 * Events are what happened; their places are given after commit, in one order for all readers.
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
    schema.dropColumn('tasks', 'lock_key')
    schema.dropColumn('tasks', 'interrupts')
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
    schema.table(
      'events',
      {
        seq: 'serial',
        place: 'int?',
        type: 'text',
        project_id: 'text?',
        user_id: 'text?',
        resource_kind: 'text',
        resource_id: 'text',
        request_id: 'text?',
        payload: 'json',
        told_at: 'time',
      },
      { index: [['place', 'seq']] },
    )
    schema.table('event_places', { id: 'int', last_place: 'int' }, { primary: ['id'] })
    schema.sql('insert into event_places (id, last_place) values (1, 0)')
    schema.table('event_readers', { name: 'text', position: 'int=0', seen_at: 'time' }, { primary: ['name'] })
    schema.table('task_waits', { task_id: 'text', waits_for: 'text' }, { primary: ['task_id', 'waits_for'], index: [['waits_for']] })
  },
}
