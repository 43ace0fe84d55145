import type { Tables } from '../db/tables.ts'

export type TaskState = 'ready' | 'waiting' | 'undoing' | 'done' | 'failed'

declare module '../db/tables.ts' {
  interface Narrow {
    tasks: {
      /** Tasks with the same key run one after the other, in the order in which they were started. */
      lock_key: string
      /** Makes the unfinished tasks before it, under the same lock, stop after their current step and undo. */
      interrupts: boolean
      state: TaskState
      /** Index of the step that runs next; when undoing, of the step that is undone next. */
      step: number
      /** What a waiting task waits for: `guest:<id>`; null when it waits for nothing but its turn. */
      wait_key: string
      /** Milliseconds since the epoch: when waiting has lasted too long. */
      wait_until: number
    }
  }
}

export type TaskRow = Tables['tasks']
