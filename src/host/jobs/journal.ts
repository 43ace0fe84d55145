// What the agent remembers of jobs over its own end: one file for each document that has any, beside the documents'.

export interface JobRecord {
  id: string
  type: string
  /** One that is `begun` when the agent starts was cut off. */
  state: 'begun' | 'done' | 'failed'
  result?: unknown
  error?: string
}

export interface JobJournal {
  /** By `kind/id` of the document. */
  load(): [string, JobRecord[]][]
  /** In place of what was known of that document; durable when it returns. */
  save(document: { kind: string; id: string }, records: JobRecord[]): void
}
