// What the control process may ask of an agent at once, without a document: one row a call, or a stream of bytes both ways. Hosts
// have a method for each row, and link-server.ts and link-client.ts carry them, without knowing one by its name.
import type { Duplex } from 'node:stream'
import Type, { type Static, type TObject, type TProperties } from 'typebox'
import Value from 'typebox/value'

interface Call<Input extends TObject, Answer> {
  input: Input
  isStream: false
  /** Never there: for the types. */
  answer?: Answer
}
interface StreamCall<Input extends TObject> {
  input: Input
  isStream: true
}

const closed = { additionalProperties: false } as const
const call =
  <Answer>() =>
  <P extends TProperties>(input: P): Call<TObject<P>, Answer> => ({ input: Type.Object(input, closed), isStream: false })
const stream = <P extends TProperties>(input: P): StreamCall<TObject<P>> => ({ input: Type.Object(input, closed), isStream: true })

const guestId = Type.String({ pattern: '^[\\w-]{1,64}$' })

export const calls = {
  /** Last `lines` lines of the serial console, all that is kept when not given. */
  consoleLog: call<string>()({ guestId, lines: Type.Optional(Type.Integer({ minimum: 0 })) }),
  /** Removes a deleted image from what is kept of images; best effort, unused ones go by themselves after a while. */
  forgetImage: call<void>()({ sha512: Type.String({ pattern: '^[0-9a-f]{128}$' }) }),
  /** To the guest's VNC server. */
  vnc: stream({ guestId }),
  /** To the guest's serial console; one at a time, as a guest has one. */
  serial: stream({ guestId }),
  /** To an address that is reached from the outside namespace. */
  tcp: stream({ address: Type.String({ minLength: 1, maxLength: 64 }), port: Type.Integer({ minimum: 1, maximum: 65535 }) }),
}

type Calls = typeof calls
export type CallName = keyof Calls
export type StreamName = { [N in CallName]: Calls[N]['isStream'] extends true ? N : never }[CallName]
export type InputOf<N extends CallName> = Static<Calls[N]['input']>
type AnswerOf<C> = C extends StreamCall<TObject> ? Duplex : C extends Call<TObject, infer Answer> ? Answer : never

/** What a host answers, and the control process asks. */
export type HostCalls = { [N in CallName]: (input: InputOf<N>) => Promise<AnswerOf<Calls[N]>> }

/** An object with a method for each call. */
export function eachCall(method: (name: CallName, isStream: boolean) => (input: object) => Promise<unknown>): HostCalls {
  return Object.fromEntries(Object.entries(calls).map(([name, { isStream }]) => [name, method(name as CallName, isStream)])) as HostCalls
}

/**
 * Answers a call that came over the link: an answer, or a stream. Throws for a name that is none and for input that is not as declared:
 * the control process is trusted, its faults are not.
 */
export async function answerCall(host: HostCalls, name: unknown, input: unknown): Promise<{ answer: unknown } | { stream: Duplex }> {
  if (typeof name !== 'string' || !Object.hasOwn(calls, name))
    throw new Error(`this agent knows no call ${JSON.stringify(name)?.slice(0, 40)}; is it of another version?`)
  const { input: schema, isStream } = calls[name as CallName]
  const [wrong] = Value.Errors(schema, input)
  if (wrong) throw new Error(`the call ${name} was asked with what it does not take: ${wrong.instancePath || 'its input'} ${wrong.message}`)
  const given = await (host[name as CallName] as (input: unknown) => Promise<unknown>).call(host, input)
  return isStream ? { stream: given as Duplex } : { answer: given }
}
