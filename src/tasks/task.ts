// How long-running work is told: steps that run in order, each in a transaction with its journal row, so that a crash
// loses nothing and repeats nothing. What a step does outside of the database it does by host documents, and waits.
//
//   export const createServer = task('compute.server.create', { input: ServerInput, locks: ({ serverId }) => [`server:${serverId}`] })
//     .step('schedule', { run: ..., undo: ... })
//     .step('guest', { run: (input, { results }) => ... })   // `results.schedule` has the type that the step before gave
//     .ends({ done: ..., failed: ... })
//
// Steps are added one by one because the type of a step's results depends on the steps before it: within one object
// TypeScript cannot use what it infers for one property as the type of the next one's parameters.
import type { Static, TSchema } from 'typebox'
import type { Cloud } from '../cloud.ts'
import type { Tx } from '../db/database.ts'
import type { Environment } from '../environment.ts'

/** What becomes of a value that is written to the journal as JSON and read again. */
export type Journalled<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends { toJSON(): infer J }
    ? J
    : T extends bigint | symbol | ((...args: never[]) => unknown)
      ? never
      : T extends void
        ? undefined
        : { [K in keyof T]: Journalled<T[K]> }

export interface StepContext<C, Results = object> extends Tx {
  cloud: C
  environment: Environment
  taskId: string
  requestId: string
  /** What earlier steps gave, by name; undefined where one gave nothing. In `undo` and `failed` of those that have run. */
  results: Results
  /** Why the task is undone, in `undo` and `failed`. */
  error: string | null
  /** True when a later task under one of its locks asked this one to give way. */
  interrupted: boolean
  /** How far the task is, in percent, and what it does; written with the step, also when that comes to wait. */
  progress(percent: number, note?: string): void
  /**
   * Starts a task in the step's transaction and gives its id; the same one when the step is run again. A step that starts several tasks of
   * one kind gives each a `key`.
   */
  start<I, R>(task: Task<I, C, R>, input: NoInfer<I>, key?: string): Promise<TaskId<R>>
  /**
   * How a task ended: one that this task started, or that was started before it. Throws Wait until it has. The time limit of the step
   * counts only where the step declares one, since the other task has limits of its own.
   */
  ended<R>(id: TaskId<R>): Promise<Outcome<R>>
}

declare const gives: unique symbol
/** The id of a task whose `done` gives `R`. */
export type TaskId<R = unknown> = string & { readonly [gives]?: R }

/** How a task ended. */
export type Outcome<R> = { state: 'done'; result: Journalled<R> } | { state: 'failed'; error: string }

/** What a task that waits for another's end waits for. */
export const endKey = (id: string): string => `task:${id}`

/** Thrown by a step to end its run until `key` is woken; the step is then run again from its start, so it must be idempotent. */
export class Wait extends Error {
  readonly key: string
  /** Has limits of its own, so it counts for no more than the step's own limit. */
  readonly limited: boolean
  constructor(key: string, limited = false) {
    super(`waits for ${key}`)
    this.key = key
    this.limited = limited
  }
}

/** A failure whose message is meant for the user. */
export class TaskFailure extends Error {}

export interface StepDeclaration<I, C, Results, Name extends string, Value, Late extends 'fail' | 'go-on'> {
  run(input: I, context: StepContext<C, Results>): Promise<Value>
  /** Takes back what `run` did, also when it did only a part; idempotent, may wait as well. */
  undo?(input: I, context: StepContext<C, Results & { [K in Name]?: Journalled<Value> }>): Promise<void>
  /** Seconds that the step may wait in all; 300 unless given. */
  timeout?: number
  /** What follows when that time is over: the task fails and is undone (default), or it goes on with the next step, which then finds no result of this one. */
  late?: Late
}

/** How a task begins. */
export interface Beginning<I, C> {
  /** Tasks that share a lock run one after the other, in the order in which they were started. */
  locks(input: I): string[]
  /** Makes unfinished tasks before it that share a lock stop after their current step and undo: all (`true`), or those of these kinds. */
  interrupts?: true | readonly string[]
  /** When it turns round, the tasks that it has started do so too, and it goes back when they have ended. */
  interruptChildren?: true
  /** Runs in the caller's transaction. */
  begin?(input: I, context: StepContext<C>): Promise<void>
}

/** A step with its types forgotten: what it takes is what was declared where it was written. */
export interface Step<I, C> {
  name: string
  run: (input: I, context: StepContext<C, never>) => Promise<unknown>
  undo?: (input: I, context: StepContext<C, never>) => Promise<void>
  timeout?: number
  late?: 'fail' | 'go-on'
}

/**
 * A declared task that is started with `I`. Of the types of its steps nothing is left, so all tasks go into one list: a task of any
 * input is a `Task`, which takes `never`, since whoever does not know the input may not start it.
 */
export interface Task<I = never, C = Cloud, R = unknown> {
  readonly kind: string
  readonly input: TSchema
  readonly locks: (input: I) => string[]
  readonly interrupts: true | readonly string[]
  readonly interruptChildren?: true
  readonly begin?: (input: I, context: StepContext<C>) => Promise<void>
  readonly steps: readonly Step<I, C>[]
  /** What it gives is the task's result. */
  readonly done?: (input: I, context: StepContext<C, never>) => Promise<R>
  /** After all undos. */
  readonly failed?: (input: I, context: StepContext<C, never>) => Promise<void>
}

type WithResult<Results, Name extends string, Value> = Results & { [K in Name]: Value }

/** A task whose steps are being told. */
export interface Steps<I, C, Results> {
  /** Adds the step that runs after those that were added before. */
  step<const Name extends string, Value, Late extends 'fail' | 'go-on' = 'fail'>(
    name: Name,
    step: StepDeclaration<I, C, Results, Name, Value, Late>,
  ): Steps<I, C, WithResult<Results, Name, Journalled<Value> | (Late extends 'go-on' ? undefined : never)>>
  /** What `done` gives is the task's result. */
  ends<R = void>(end: {
    done?(input: I, context: StepContext<C, Results>): Promise<R>
    /** After all undos. */
    failed?(input: I, context: StepContext<C, Partial<Results>>): Promise<void>
  }): Task<I, C, R>
}

/** The function that declares tasks of a cloud `C`: tests have smaller ones. */
export const taskOf =
  <C>() =>
  <S extends TSchema>(kind: string, { input, ...beginning }: { input: S } & Beginning<Static<S>, C>): Steps<Static<S>, C, object> => {
    const stepsAfter = <Results>(before: readonly Step<Static<S>, C>[]): Steps<Static<S>, C, Results> => ({
      step(name, step) {
        if (before.some((one) => one.name === name)) throw new Error(`${kind} has two steps ${name}`)
        return stepsAfter([...before, { name, ...step }])
      },
      ends: (end) => ({ kind, input, ...beginning, interrupts: beginning.interrupts ?? [], steps: before, ...end }),
    })
    return stepsAfter([])
  }

export const task = taskOf<Cloud>()
