// Bytes from one agent to another (a disk, a guest's memory) go through the control process: agents do not know each other.
import type { Duplex } from 'node:stream'
import { join } from '../contain.ts'
import type { HostCalls, InputOf, StreamName } from './calls.ts'

/** A stream of a host: its row in calls.ts, with the input. */
export type StreamAddress = { [N in StreamName]: { host: string; call: N; input: InputOf<N> } }[StreamName]

async function open(callsOf: (host: string) => HostCalls | undefined, { host, call, input }: StreamAddress): Promise<Duplex> {
  const calls = callsOf(host)
  if (!calls) throw new Error(`host ${host} is not connected`)
  return await (calls[call] as (input: object) => Promise<Duplex>)(input)
}

/** Opens both and joins them. Resolves when both are over; throws when one cannot be opened, or what broke one. */
export async function joinStreams(callsOf: (host: string) => HostCalls | undefined, from: StreamAddress, to: StreamAddress): Promise<void> {
  const source = await open(callsOf, from)
  source.on('error', () => {}) // until the other is open; join hears of it later too
  const target = await open(callsOf, to).catch((error) => {
    source.destroy()
    throw error
  })
  await new Promise<void>((resolve, reject) => join(source, target, (fault) => (fault ? reject(fault) : resolve())))
}
