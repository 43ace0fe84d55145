// The agent's own copy of its documents: one file each, so that it can restore the machine before the control process is back.
import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { HostDocument } from './documents.ts'
import type { JobJournal, JobRecord } from './jobs/journal.ts'
import { documentKey, type Kind, kinds, upgraded } from './kinds.ts'

export interface DocumentJournal {
  load(): HostDocument[]
  /** Durable when it returns. */
  save(documents: HostDocument[]): void
  forget(document: Pick<HostDocument, 'kind' | 'id'>): void
  jobs: JobJournal
  /** Stays the same over restarts of the agent; see Hosts.sync. */
  session: string
}

export function openJournal(directory: string): DocumentJournal {
  const folder = join(directory, 'documents')
  const jobFolder = join(directory, 'jobs')
  for (const made of [folder, jobFolder]) mkdirSync(made, { recursive: true, mode: 0o700 })
  // The control process chooses the words, and has fewer rights than who writes here: they name a file in this folder and no other.
  function file({ kind, id }: { kind: string; id: string }, within = folder): string {
    if (!kinds.includes(kind as Kind) || !/^[\w-]{1,64}$/.test(id))
      throw new Error(`${JSON.stringify(`${kind} ${id}`.slice(0, 80))} names no document`)
    return join(within, `${kind}-${id}.json`)
  }
  const write = (path: string, text: string) => {
    const temporary = `${path}.new`
    const descriptor = openSync(temporary, 'w', 0o600)
    writeSync(descriptor, text)
    fsyncSync(descriptor)
    closeSync(descriptor)
    renameSync(temporary, path)
  }
  const sync = (path: string) => {
    const descriptor = openSync(path, 'r')
    fsyncSync(descriptor)
    closeSync(descriptor)
  }
  const read = (path: string): unknown[] =>
    readdirSync(path)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(path, name), 'utf8')))
  const sessionFile = join(directory, 'session')
  let session: string
  try {
    session = readFileSync(sessionFile, 'utf8')
  } catch {
    session = randomUUID()
    write(sessionFile, session)
  }
  return {
    session,
    load: () => (read(folder) as HostDocument[]).map((one) => ({ ...one, spec: one.spec && upgraded(one.kind, one.spec) })),
    save(documents) {
      for (const document of documents) write(file(document), JSON.stringify(document))
      if (documents.length) sync(folder)
    },
    forget(document) {
      rmSync(file(document), { force: true })
    },
    jobs: {
      load: () =>
        (read(jobFolder) as { kind: Kind; id: string; jobs: JobRecord[] }[]).map(({ kind, id, jobs }) => [documentKey(kind, id), jobs]),
      save({ kind, id }, jobs) {
        const path = file({ kind, id }, jobFolder)
        if (jobs.length) write(path, JSON.stringify({ kind, id, jobs }))
        else rmSync(path, { force: true })
        sync(jobFolder)
      },
    },
  }
}
