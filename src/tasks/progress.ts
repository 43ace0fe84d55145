// How far tasks are. A step says it in its own transaction; work outside of transactions says it here, as often as it likes.
import type { Database } from '../db/database.ts'
import type { Clock } from '../environment.ts'
import { unfinished } from './tables.ts'

/** Columns of the task. */
export interface Progress {
  progress: number
  progress_note: string | null
}

/** Milliseconds between two writes, for all tasks together: what is said meanwhile is overtaken by what is said last. */
const everyMs = 1000

export function progressOf(percent: number, note?: string): Progress {
  if (!(percent >= 0 && percent <= 100)) throw new Error(`${percent} is no percentage`)
  return { progress: Math.floor(percent), progress_note: note ?? null }
}

export function createProgress({ database, clock, stop }: { database: Database; clock: Clock; stop: AbortSignal }) {
  const told = new Map<string, Progress>()
  let writing: Promise<void> | null = null
  async function write(): Promise<void> {
    while (told.size) {
      await clock.sleep(everyMs, stop)
      const news = [...told]
      told.clear()
      await database.write(async ({ db }) => {
        for (const [id, progress] of news)
          await db
            .updateTable('tasks')
            .set(progress)
            .where('id', '=', id)
            .where('state', 'in', [...unfinished])
            .execute()
      })
    }
  }
  return {
    tell(id: string, progress: Progress): void {
      told.set(id, progress)
      writing ??= write()
        .catch(() => {}) // the next one tells it
        .finally(() => {
          writing = null
        })
    },
    /** Resolves when nothing is being written. */
    async written(): Promise<void> {
      await writing
    },
  }
}
