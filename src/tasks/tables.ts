import type { Tables } from '../db/tables.ts'

export type TaskState = 'ready' | 'waiting' | 'undoing' | 'done' | 'failed'

export const unfinished = ['ready', 'waiting', 'undoing'] as const

declare module '../db/tables.ts' {
  interface Narrow {
    tasks: {
      state: TaskState
      /** Index of the step that runs next; when undoing, of the step that is undone next, and -1 when all are. */
      step: number
      /** What a waiting task waits for: `guest:<id>`; null when it waits for nothing but its turn. */
      wait_key: string
      /** Milliseconds since the epoch: when waiting has lasted too long. */
      wait_until: number
      /** The task whose step started it, and that step with a name that it chose. */
      parent_id: string
      parent_key: string
      /** What `done` gave, in an object. */
      result: unknown
      /** Percent, and what is being done. */
      progress: number
      progress_note: string
    }
    /** The locks of tasks that have not ended. */
    task_locks: object
    /** Who has asked for the end of which task; until the asker has ended itself. */
    task_waits: object
  }
}

export type TaskTable = Tables['tasks']
