// Ends that must come about: what a full or broken disk does not let the database note now is tried again until it does.
import type { Cloud } from '../../../cloud.ts'
import { giveUp } from './uploads.ts'

export interface Unfinished {
  /** Does the work; when that fails, does it again with every `run`. Never throws. */
  finish(name: string, work: () => Promise<void>): Promise<void>
  /** Tries all again that has failed. */
  run(): Promise<void>
}

export function createUnfinished(cloud: Cloud): Unfinished {
  const failed = new Map<string, () => Promise<void>>()
  async function attempt(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      failed.delete(name)
    } catch (error) {
      if (!failed.has(name)) cloud.log.warn({ work: name, error: (error as Error).message }, 'could not be noted, it is tried again')
      failed.set(name, work)
    }
  }
  return {
    finish: attempt,
    async run() {
      for (const [name, work] of [...failed]) await attempt(name, work)
    },
  }
}

/** Codes of file systems and databases for: nothing was written, because there is no space. */
const full = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', '53100'])
export const isFull = (error: unknown): boolean => full.has((error as NodeJS.ErrnoException)?.code ?? '')

/**
 * Ends an upload that has failed: its space is given back first, so that the database has room to note it. The empty file stays until
 * the image is queued again: a crash in between is recovered by it.
 */
export function abandon(cloud: Cloud, imageId: string, uploadId: string, error: unknown): Promise<void> {
  const { store, unfinished } = cloud.image
  return unfinished.finish(`upload ${uploadId}`, async () => {
    // A store may have the file by a link: its data goes only when it is sure that the image does not have it.
    await store.empty(uploadId, isFull(error))
    await giveUp(cloud, imageId, uploadId)
    await store.discard(uploadId)
  })
}
