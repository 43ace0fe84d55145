// Jobs: long things that are done once with a document's thing (a reboot, later a snapshot or a copy). A kind declares the types of
// its jobs, a driver does them, the agent remembers which it began and how they ended, and the control process waits for that.
import Type, { type TObject, type TProperties } from 'typebox'

export interface JobType<Input extends TObject = TObject, Result = unknown> {
  input: Input
  /** Never there: for the types. */
  result?: Result
}

/** Declares a type of jobs: what it takes, and, as a type, what comes of it. */
export const jobType =
  <Result>() =>
  <P extends TProperties>(input: P): JobType<TObject<P>, Result> => ({ input: Type.Object(input, { additionalProperties: false }) })

/** What is asked for. */
export interface Job {
  /** Chosen by who asks: the same id is the same job. */
  id: string
  type: string
  input: object
  /** From its begin on the host. */
  timeoutSeconds: number
}

/** How one stands, as the host tells it. */
export interface JobReport {
  id: string
  /** One that has not begun is not told of. */
  state: 'running' | 'done' | 'failed'
  /** Of a running one. */
  percent?: number
  note?: string
  result?: unknown
  /** One sentence for the user. */
  error?: string
}

export const isEnded = ({ state }: JobReport): boolean => state !== 'running'

/** Bounds of what travels: results are small, what is large is a stream's. */
export const longestResult = 16_384
export const longestJobError = 600
export const longestNote = 200
