// Actions: `POST .../action` with one key in the body. What happens to the row, what is noted of it and the task that does it are
// declared; the pipeline has found the row and asked policy, lock and state.
import type { Static, TSchema } from 'typebox'
import type { Rule } from '../auth/policy.ts'
import type { Cloud } from '../cloud.ts'
import type { TaskDeclaration } from '../tasks/task.ts'
import { conflict } from './faults.ts'
import { type BaseContext, type Operation, operation, type Resource, reply, type StatusByVersion } from './operation.ts'
import { Closed } from './types.ts'

export type ActionContext<Name extends string, Row, B extends TSchema> = BaseContext & { body: Static<B> } & { [K in Name]: Row }

/** A task with what it is started with. */
export interface Work {
  task: TaskDeclaration<never, Cloud>
  input: unknown
}

/** `input` is that of the task. */
export const work = <I>(task: TaskDeclaration<I, Cloud>, input: I): Work => ({ task: task as never, input })

export interface ActionDeclaration<Name extends string, Row, State extends string, Event extends string, B extends TSchema> {
  id: string
  summary: string
  catalog: string[]
  since?: string
  until?: string
  policy: Rule
  /** 202 unless given. */
  status?: number | StatusByVersion
  /** What stands under the action's key; anything where none is given. */
  body?: B
  answer?: TSchema
  /** `refused`: not with a row that is locked against the asker. */
  locked?: 'refused'
  allowed?: readonly NoInfer<State>[] | { readonly [S in NoInfer<State>]?: string }
  /** What happens to the row, in the operation's transaction. Where another request was faster the answer is a 409. */
  event?: NoInfer<Event> | ((context: ActionContext<Name, Row, B>) => NoInfer<Event>)
  /** As the row's history calls it. */
  history?: string
  /** The long work that the action begins; it starts with the transaction's end. */
  task?(context: ActionContext<Name, Row, B>): Work
  /** What is to be done besides, behind the event and before the task. What it gives is the answer. */
  handle?(context: ActionContext<Name, Row, B>): Promise<unknown>
}

/** The operation behind `key` of the resource's actions. */
export function action<Name extends string, Row, State extends string, Event extends string, B extends TSchema = TSchema>(
  on: Resource<Name, Row, State, Event>,
  key: string,
  declaration: ActionDeclaration<Name, Row, State, Event, B>,
): Operation {
  const { body, event, history, task, handle, ...rest } = declaration
  if (!on.path) throw new Error(`${declaration.id}: ${on.name} does not say where one of them is`)
  const unwrapped = (context: BaseContext): ActionContext<Name, Row, B> => {
    const { body: whole } = context as unknown as { body: Record<string, unknown> }
    return { ...context, body: whole[key] } as unknown as ActionContext<Name, Row, B>
  }
  return operation({
    status: 202,
    ...rest,
    method: 'POST',
    path: `${on.path}/action`,
    action: key,
    on,
    transaction: 'write',
    ...(body && { body: Closed({ [key]: body }) as TSchema }),
    ...(event !== undefined && { event: typeof event === 'function' ? (context: BaseContext) => event(unwrapped(context)) : event }),
    async handle(context: BaseContext) {
      const whole = unwrapped(context)
      const { tx, now, params } = whole as ActionContext<Name, Row, B> & { params: Record<string, string> }
      const row = whole[on.name] as Row
      if (event !== undefined) {
        const happens = typeof event === 'function' ? event(whole) : event
        const moved = await on.machine!.move(tx, params[on.param]!, happens, on.touched?.(now) ?? {})
        if (!moved) throw conflict(`Cannot '${key.replace(/^os-/, '')}' ${params[on.param]}: something else is being done with it.`)
      }
      if (history !== undefined) await on.begun!(context, row, history)
      const answer = await handle?.(whole)
      if (task) {
        const begun = task(whole)
        await context.start(begun.task as never, begun.input as never)
      }
      return answer ?? reply({})
    },
  } as never)
}
