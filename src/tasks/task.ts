// How long-running work is told: steps that run in order, each in a transaction with its journal row, so that a crash
// loses nothing and repeats nothing. What a step does outside of the database it does by host documents, and waits.
import type { Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'

export interface StepContext<Cloud> extends Tx {
  cloud: Cloud
  environment: Environment
  taskId: string
  requestId: string
  /** Results of earlier steps, by name. */
  results: Record<string, unknown>
  /** Why the task is undone, in `undo` and `failed`. */
  error: string | null
  /** True when a later task under the same lock asked this one to give way. */
  interrupted: boolean
}

/** Thrown by a step to end its run until `key` is woken; the step is then run again from its start, so it must be idempotent. */
export class Wait extends Error {
  readonly key: string
  constructor(key: string) {
    super(`waits for ${key}`)
    this.key = key
  }
}

/** A failure whose message is meant for the user. */
export class TaskFailure extends Error {}

export interface StepDeclaration<I, Cloud> {
  run(input: I, context: StepContext<Cloud>): Promise<unknown>
  /** Takes back what `run` did, also when it did only a part; idempotent, may wait as well. */
  undo?(input: I, context: StepContext<Cloud>): Promise<void>
  /** Seconds that the step may wait in all; 300 unless given. */
  timeout?: number
  /** What follows when that time is over: the task fails and is undone (default), or it goes on with the next step. */
  late?: 'fail' | 'go-on'
}

export interface TaskDeclaration<I = unknown, Cloud = unknown> {
  kind: string
  lock(input: I): string
  interrupts?: boolean
  /** Runs in the caller's transaction. */
  begin?(input: I, context: StepContext<Cloud>): Promise<void>
  /** In the order of the object's keys. */
  steps: Record<string, StepDeclaration<I, Cloud>>
  done?(input: I, context: StepContext<Cloud>): Promise<void>
  /** After all undos. */
  failed?(input: I, context: StepContext<Cloud>): Promise<void>
}
