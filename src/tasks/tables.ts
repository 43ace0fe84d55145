import type { Generated } from 'kysely'

export type TaskState = 'ready' | 'waiting' | 'undoing' | 'done' | 'failed'

export interface TaskRow {
  seq: Generated<number>
  id: string
  kind: string
  input: unknown
  /** Tasks with the same key run one after the other, in the order in which they were started. */
  lock_key: string
  /** Makes the unfinished tasks before it, under the same lock, stop after their current step and undo. */
  interrupts: boolean
  state: TaskState
  /** Index of the step that runs next; when undoing, of the step that is undone next. */
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
}

export interface TaskStepRow {
  task_id: string
  step: string
  result: unknown
  finished_at: string
}

declare module '../db/tables.ts' {
  interface Tables {
    tasks: TaskRow
    task_steps: TaskStepRow
  }
}
