// The states of ports and floating IPs, which follow what hosts report. Networks and routers have one status while they are there: ACTIVE,
// since they are made on hosts only where something needs them.
import type { Tx } from '../../../db/database.ts'
import { machine } from '../../../db/machine.ts'
import type { FloatingIpStatus, PortStatus } from '../tables.ts'

export const portMachine = machine<{ status: PortStatus }>()({
  name: 'port',
  table: 'network_ports',
  columns: ['status'],
  initial: [{ status: 'DOWN' }],
  state: ({ status }): PortStatus => status,
  events: {
    // Its host has it, and it is administratively up.
    works: { from: { status: ['DOWN'] }, to: { status: 'ACTIVE' } },
    // Its host failed with it, it was turned off, taken off its server or moved with it.
    stops: { from: { status: ['ACTIVE'] }, to: { status: 'DOWN' } },
  },
})

export const floatingIpMachine = machine<{ status: FloatingIpStatus }>()({
  name: 'floating IP',
  table: 'network_floating_ips',
  columns: ['status'],
  initial: [{ status: 'DOWN' }],
  state: ({ status }): FloatingIpStatus => status,
  events: {
    // Its router carries it.
    works: { from: { status: ['DOWN', 'ERROR'] }, to: { status: 'ACTIVE' } },
    // The router could not be made on its host.
    fails: { from: { status: ['DOWN', 'ACTIVE'] }, to: { status: 'ERROR' } },
    // The router is off, or it leads to another port or none.
    stops: { from: { status: ['ACTIVE', 'ERROR'] }, to: { status: 'DOWN' } },
  },
})

type Counted = (column: string, operator: string, value: number) => unknown
const changed = (now: string) => (eb: never) => ({ updated_at: now, revision: (eb as Counted)('revision', '+', 1) })

/** Makes the event happen to those of the ports that are in a state for it; the others stay as they are. */
export async function movePorts(
  tx: Pick<Tx, 'db'>,
  ids: readonly string[],
  event: keyof typeof portMachine.events,
  now: string,
): Promise<void> {
  for (const id of ids) await portMachine.move(tx, id, event, changed(now))
}

/** The same for floating IPs. */
export async function moveFloatingIps(
  tx: Pick<Tx, 'db'>,
  ids: readonly string[],
  event: keyof typeof floatingIpMachine.events,
  now: string,
): Promise<void> {
  for (const id of ids) await floatingIpMachine.move(tx, id, event, changed(now))
}
