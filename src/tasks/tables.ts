import type { Generated } from 'kysely'

export type TaskState = 'ready' | 'waiting' | 'undoing' | 'done' | 'failed'

export const unfinished = ['ready', 'waiting', 'undoing'] as const

export interface TaskTable {
  seq: Generated<number>
  id: string
  kind: string
  input: unknown
  state: TaskState
  /** Index of the step that runs next; when undoing, of the step that is undone next, and -1 when all are. */
  step: Generated<number>
  interrupted: Generated<boolean>
  error: string | null
  /** What a waiting task waits for: `guest:<id>`; null when it waits for nothing but its turn. */
  wait_key: string | null
  /** Milliseconds since the epoch: when waiting has lasted too long. */
  wait_until: number | null
  run_at: number
  owner: string | null
  lease_until: Generated<number>
  request_id: string
  created_at: string
  finished_at: string | null
  /** The task whose step started it, and that step with a name that it chose. */
  parent_id: string | null
  parent_key: string | null
  /** What `done` gave, in an object. */
  result: unknown
  /** Percent, and what is being done. */
  progress: number | null
  progress_note: string | null
}

export interface TaskStepTable {
  task_id: string
  step: string
  result: unknown
  finished_at: string
}

/** The locks of tasks that have not ended. */
export interface TaskLockTable {
  lock_key: string
  seq: number
  task_id: string
}

/** Who has asked for the end of which task; until the asker has ended itself. */
export interface TaskWaitTable {
  task_id: string
  waits_for: string
}

declare module '../db/tables.ts' {
  interface Tables {
    tasks: TaskTable
    task_steps: TaskStepTable
    task_locks: TaskLockTable
    task_waits: TaskWaitTable
  }
}
