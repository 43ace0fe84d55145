// A host without a machine: the same documents and reports, kept in memory, with tunable delay and faults. It does for
// tests of clients what the linux host does for users, so what it reports must never be more than what it has.
import type { Environment } from '../../environment.ts'
import type { GuestSpec, GuestStatus, HostFacts, Kind, SpecOf } from '../documents.ts'
import type { Driver, Host, Step, StreamTarget } from '../driver.ts'
import { faultPlan } from './faults.ts'
import { fakeScreen } from './vnc.ts'

interface FakeGuest {
  spec: GuestSpec
  power: GuestStatus['power']
  actionsDone: string[]
  console: string
}

export interface FakeHost extends Host {
  /** Tests end a guest as if its process had been killed. */
  crashGuest(id: string): void
  /** What exists, by kind: tests compare it with the database. */
  inventory(): Record<Kind, string[]>
}

/** Milliseconds of steps where no delay is asked for: clients that look once a second see a reboot, and others see each state once. */
const usualDelays: Record<string, number> = { start: 50, stop: 50, 'reboot-soft': 1500, 'reboot-hard': 1500 }

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
  const things = new Map<Kind, Map<string, string>>()
  const guests = new Map<string, FakeGuest>()
  let changed: (kind: Kind, id: string) => void = () => {}
  const step = (kind: Kind, name: string, work: () => void): Step => ({
    name,
    async run(signal) {
      const delayMs = parts.delayMs ?? (kind === 'guest' ? usualDelays[name] : undefined)
      if (delayMs) await environment.clock.sleep(delayMs, signal)
      faults.check(kind, name)
      work()
    },
  })

  function plain<K extends Exclude<Kind, 'guest'>>(kind: K): Driver<K, string> {
    const mine = new Map<string, string>()
    things.set(kind, mine)
    return {
      kind,
      observe: async () => mine,
      plan(id, want: SpecOf[K] | undefined, have) {
        if (!want) return have === undefined ? [] : [step(kind, 'remove', () => mine.delete(id))]
        const text = JSON.stringify(want)
        return text === have ? [] : [step(kind, kind === 'port' ? 'plug' : 'apply', () => mine.set(id, text))]
      },
      status: () => ({}),
    }
  }

  const boot = (id: string, guest: FakeGuest) => {
    guest.power = 'running'
    guest.console += bootLog(id, guest.spec)
  }

  const guestDriver: Driver<'guest', FakeGuest> = {
    kind: 'guest',
    observe: async () => guests,
    plan(id, want, have) {
      if (!want)
        return have
          ? [
              step('guest', 'stop', () => {
                have.power = 'off'
              }),
              step('guest', 'remove', () => guests.delete(id)),
            ]
          : []
      const steps: Step[] = []
      const guest: FakeGuest = have ?? { spec: want, power: 'off', actionsDone: [], console: '' }
      if (!have) steps.push(step('guest', 'define', () => guests.set(id, guest)))
      else if (JSON.stringify(have.spec) !== JSON.stringify(want))
        steps.push(
          step('guest', 'change', () => {
            guest.spec = want
          }),
        )
      const before = have?.power ?? 'off'
      // A guest that crashed stays down until control asks for a change of power.
      if (want.power === 'running' && before === 'off') steps.push(step('guest', 'start', () => boot(id, guest)))
      if (want.power === 'off' && before !== 'off')
        steps.push(
          step('guest', 'stop', () => {
            guest.power = 'off'
          }),
        )
      for (const action of want.actions) {
        if (guest.actionsDone.includes(action.id)) continue
        steps.push(
          step('guest', action.type, () => {
            if (want.power === 'running') boot(id, guest)
            guest.actionsDone.push(action.id)
          }),
        )
      }
      return steps
    },
    status: (_id, have): GuestStatus | Record<string, never> =>
      have ? { power: have.power, accelerator: 'fake', actionsDone: have.actionsDone } : {},
  }

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
    drivers: {
      network: plain('network'),
      'security-group': plain('security-group'),
      router: plain('router'),
      port: plain('port'),
      guest: guestDriver,
    },
    facts: async () => facts,
    onChange(listener) {
      changed = listener
    },
    forgetImage: async () => {},
    async consoleLog(guestId, lines) {
      const text = guests.get(guestId)?.console ?? ''
      return lines === undefined ? text : text.split('\n').slice(-lines).join('\n')
    },
    async stream(target: StreamTarget) {
      if (target.type === 'vnc') return fakeScreen(guests.get(target.guestId)?.spec.name ?? 'guest')
      throw new Error(`connection to ${target.address}:${target.port} refused: the fake host has no network`)
    },
    close: async () => {},
    crashGuest(id) {
      const guest = guests.get(id)
      if (!guest) throw new Error(`no guest ${id}`)
      guest.power = 'crashed'
      changed('guest', id)
    },
    inventory: () => ({
      network: [...things.get('network')!.keys()],
      'security-group': [...things.get('security-group')!.keys()],
      router: [...things.get('router')!.keys()],
      port: [...things.get('port')!.keys()],
      guest: [...guests.keys()],
    }),
  }
}

function hostname(spec: GuestSpec): string {
  try {
    return (JSON.parse(spec.metadata['openstack/latest/meta_data.json'] ?? '{}') as { hostname?: string }).hostname ?? spec.name
  } catch {
    return spec.name
  }
}

/** What the guest would print while it boots: what it was given, and that nothing of it runs. */
function bootLog(id: string, spec: GuestSpec): string {
  const lines = [
    `Nephos fake guest ${id}`,
    'This guest is made up: nothing runs in it.',
    `Booting ${spec.name}`,
    `cpu: ${spec.vcpus}`,
    `memory: ${spec.ramMiB} MiB`,
    `vda: image ${spec.image.id}, ${spec.diskGiB} GiB`,
    ...spec.nics.map(({ mac, portId }, index) => `eth${index}: ${mac}, port ${portId}`),
    'init: mounting the root file system (pretended)',
    'init: starting the network (pretended)',
    'init: fetching metadata (pretended)',
    'init: installing the SSH keys (pretended)',
    'init: making the SSH host keys (pretended)',
    'init: starting the SSH server (pretended)',
    'init: done',
  ]
  return `${lines.map((line) => `${line}\r\n`).join('')}${hostname(spec)} login: `
}
