// The fake host's guests: a name, a power and the text of a console. Nothing runs in them.
import type { JobDriver, Step } from '../driver.ts'
import type { GuestChannel, GuestDevices, GuestDisk, GuestNic, GuestSpec, GuestStatus } from '../guests/document.ts'
import { mustBeOn } from '../guests/reboots.ts'
import type { FakeDriver, MakeStep } from './steps.ts'

export interface FakeGuest {
  spec: GuestSpec
  power: GuestStatus['power']
  console: string
}

export function fakeGuests(step: MakeStep<'guest'>): { driver: FakeDriver<'guest', FakeGuest>; guests: Map<string, FakeGuest> } {
  const guests = new Map<string, FakeGuest>()
  const boot = (id: string, guest: FakeGuest) => {
    guest.power = 'running'
    guest.console += bootLog(id, guest.spec)
  }
  const setPower = (guest: FakeGuest, power: FakeGuest['power']) => {
    guest.power = power
  }

  const reboot = <Result>(name: 'reboot-soft' | 'reboot-hard', result: Result): JobDriver<GuestSpec, object, Result> => ({
    whenCutOff: 'begin again',
    async run(id, _input, { spec, progress, signal }) {
      mustBeOn(spec)
      progress(0, 'starting the guest anew')
      await step(name, () => boot(id, guests.get(id)!)).run(signal)
      return result
    },
  })

  /** What a running guest gains and loses; of one that is off the document alone says what it has. */
  function devicesOf(guest: FakeGuest, want: GuestSpec): Step[] {
    const gone = <T>(have: readonly T[], wanted: readonly T[], key: (one: T) => string) =>
      have.filter((one) => !wanted.some((other) => key(other) === key(one)))
    const { disks, nics, channels } = guest.spec
    const disk = ({ id }: GuestDisk) => id
    const nic = ({ portId, mac }: GuestNic) => `${portId} ${mac}`
    const channel = ({ name }: GuestChannel) => name
    const detach = [...gone(nics, want.nics, nic), ...gone(disks, want.disks, disk), ...gone(channels, want.channels, channel)]
    const attach = [...gone(want.disks, disks, disk), ...gone(want.nics, nics, nic), ...gone(want.channels, channels, channel)]
    return [...detach.map(() => step('detach', () => {})), ...attach.map(() => step('attach', () => {}))]
  }

  function plan(id: string, want: GuestSpec | undefined, have: FakeGuest | undefined): Step[] {
    if (!want) return have ? [step('stop', () => setPower(have, 'off')), step('remove', () => guests.delete(id))] : []
    const steps: Step[] = []
    const guest: FakeGuest = have ?? { spec: want, power: 'off', console: '' }
    const change = () => {
      guest.spec = want
    }
    const before = have?.power ?? 'off'
    if (!have) steps.push(step('define', () => guests.set(id, guest)))
    else if (JSON.stringify(have.spec) !== JSON.stringify(want)) {
      if (before === 'running' && want.power === 'running') steps.push(...devicesOf(have, want))
      steps.push(step('change', change))
    }
    // A guest that crashed stays down until control asks for a change of power.
    if (want.power === 'running' && before === 'off') steps.push(step('start', () => boot(id, guest)))
    if (want.power === 'off' && before !== 'off') steps.push(step('stop', () => setPower(guest, 'off')))
    return steps
  }

  return {
    guests,
    driver: {
      kind: 'guest',
      ids: () => [...guests.keys()],
      observe: async () => guests,
      plan,
      jobs: { 'reboot-soft': reboot('reboot-soft', { followed: true }), 'reboot-hard': reboot('reboot-hard', {}) },
      status: (_id, have) => ({
        power: have?.power ?? 'off',
        accelerator: 'fake',
        ...(have?.power === 'running' ? { devices: shown(have.spec) } : {}),
      }),
    },
  }
}

function shown({ disks, nics, channels }: GuestSpec): GuestDevices {
  const bytes = ({ source, sizeMiB }: GuestDisk) => Math.max(sizeMiB * 2 ** 20, source.type === 'image' ? source.image.size : 0)
  return {
    disks: disks.map((disk) => ({ id: disk.id, bytes: bytes(disk) })),
    nics: nics.map(({ mac }) => mac.toLowerCase()).sort(),
    channels: channels.map(({ name }) => name).sort(),
  }
}

export function hostname(spec: GuestSpec): string {
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
    ...spec.disks.map(
      ({ id, source, sizeMiB }) => `disk ${id}: ${source.type === 'image' ? `image ${source.image.id}` : source.type}, ${sizeMiB} MiB`,
    ),
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
