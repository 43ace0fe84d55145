import type { TaskRow } from './store.ts'
import type { TaskState } from './tables.ts'
import type { Task } from './task.ts'

/** A task as others may see it. */
export interface TaskStatus {
  id: string
  kind: string
  state: TaskState
  /** The step that it is at, where it is at one. */
  step: string | null
  /** Which of how many, from 1. */
  at: number
  steps: number
  /** Percent, where it has said so. */
  progress: number | null
  note: string | null
  /** What its `done` gave. */
  result: unknown
  error: string | null
  created_at: string
  finished_at: string | null
}

/** One that has not ended. */
export interface OpenTask extends TaskStatus {
  /** The order under a lock. */
  seq: number
  locks: string[]
  wait_key: string | null
  wait_until: number | null
  request_id: string
}

/** Of a task of a kind that nobody knows any more there are no steps. */
export function statusOf(task: TaskRow, declaration: Pick<Task<never, never>, 'steps'> | undefined): TaskStatus {
  const steps = declaration?.steps ?? []
  return {
    id: task.id,
    kind: task.kind,
    state: task.state,
    step: task.finished_at === null ? (steps[task.step]?.name ?? null) : null,
    at: Math.min(Math.max(task.step, 0) + 1, steps.length),
    steps: steps.length,
    progress: task.progress,
    note: task.progress_note,
    result: (task.result as { value: unknown } | null)?.value ?? null,
    error: task.error,
    created_at: task.created_at,
    finished_at: task.finished_at,
  }
}
