// A host without a machine: the same documents and reports, kept in memory, with tunable delay and faults. It does for
// tests of clients what the linux host does for users, so what it reports must never be more than what it has.
import type { Environment } from '../../environment.ts'
import type { HostFacts } from '../documents.ts'
import type { Host } from '../driver.ts'
import { oneAtATime } from '../guests/one-at-a-time.ts'
import { type Kind, kinds } from '../kinds.ts'
import { faultPlan } from './faults.ts'
import { fakeGuests } from './guests.ts'
import { plainDriver } from './plain.ts'
import { fakeSerial } from './serial.ts'
import { type FakeDriver, fakeSteps, type MakeStep } from './steps.ts'
import { fakeScreen } from './vnc.ts'

export interface FakeHost extends Host {
  /** Tests end a guest as if its process had been killed. */
  crashGuest(id: string): void
  /** Tests have steps fail, as a plan of faults says. */
  fail(plan: string): void
  /** What exists, by kind: tests compare it with the database. */
  inventory(): Record<Kind, string[]>
}

export interface FakeHostParts {
  name: string
  environment: Environment
  /** Of each step; null for what is usual. */
  delayMs: number | null
  faults: string | null
}

export function createFakeHost(parts: FakeHostParts): FakeHost {
  const { environment } = parts
  const faults = faultPlan(parts.faults)
  let changed: (kind: Kind, id: string) => void = () => {}
  /** The maker of a kind's steps. */
  const of = <K extends Kind>(kind: K): MakeStep<K> => {
    const usual: Record<string, number> = fakeSteps[kind]
    return (name, work) => ({
      name,
      async run(signal) {
        const delayMs = parts.delayMs ?? usual[name]
        if (delayMs) await environment.clock.sleep(delayMs, signal)
        if (signal.aborted) throw new Error(`${name} was cut short`)
        faults.check(kind, name)
        work()
      },
    })
  }
  const { driver: guest, guests } = fakeGuests(of('guest'))
  const drivers: { [K in Kind]: FakeDriver<K> } = {
    network: plainDriver('network', 'apply', of('network')),
    'security-group': plainDriver('security-group', 'apply', of('security-group')),
    router: plainDriver('router', 'apply', of('router')),
    port: plainDriver('port', 'plug', of('port')),
    guest,
  }

  const serial = oneAtATime(async (id) => fakeSerial(guests.get(id)))

  const facts: HostFacts = {
    hypervisorType: 'fake',
    hypervisorVersion: 1000,
    hypervisorHostname: parts.name,
    cpus: 1000,
    cpuModel: 'fake',
    memoryMiB: 8_000_000,
    memoryUsedMiB: 0,
    diskGiB: 600_000,
    diskFreeGiB: 600_000,
    accelerator: 'fake',
    hostIp: '127.0.0.1',
  }

  return {
    drivers,
    facts: async () => facts,
    onChange(listener) {
      changed = listener
    },
    forgetImage: async () => {},
    async consoleLog({ guestId, lines }) {
      const text = guests.get(guestId)?.console ?? ''
      return lines === undefined ? text : text.split('\n').slice(-lines).join('\n')
    },
    vnc: async ({ guestId }) => fakeScreen(guests.get(guestId)?.spec.name ?? 'guest'),
    serial: ({ guestId }) => serial(guestId),
    async tcp({ address, port }) {
      throw new Error(`connection to ${address}:${port} refused: the fake host has no network`)
    },
    close: async () => {},
    crashGuest(id) {
      const guest = guests.get(id)
      if (!guest) throw new Error(`no guest ${id}`)
      guest.power = 'crashed'
      changed('guest', id)
    },
    fail: faults.add,
    inventory: () => Object.fromEntries(kinds.map((kind) => [kind, drivers[kind].ids()])) as Record<Kind, string[]>,
  }
}
