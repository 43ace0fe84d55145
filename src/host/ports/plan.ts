// From a port as it is to the port as it is wished; pure. The order is the point: a tap is plugged in only after its guard
// and its filter are in force, and is pulled out first when one of them has to be made anew after it was lost.

import { bridgeName } from '../networks/names.ts'
import type { PortSpec } from './document.ts'
import type { Guard } from './guard.ts'
import type { TapHave } from './taps.ts'

export interface PortHave {
  tap: TapHave | null
  /** Hash of the guard in force. */
  guard: string | null
  /** Whether the ruleset in force is the one that the documents ask for. */
  filtered: boolean
  /** Whether the DHCP entries of its network are as the documents say. */
  dhcp: boolean
}

export type PortChange =
  | { do: 'make tap'; mtu: number }
  | { do: 'unplug' }
  | { do: 'guard'; guard: Guard }
  | { do: 'remove guard' }
  | { do: 'put filter in force' }
  | { do: 'write dhcp entries' }
  | { do: 'plug'; networkId: string; mtu: number }
  | { do: 'remove tap' }

export function planPort(want: { port: PortSpec; mtu: number; guard: Guard | null } | undefined, have: PortHave | undefined): PortChange[] {
  if (!want) return have ? [{ do: 'remove tap' }, { do: 'put filter in force' }, { do: 'write dhcp entries' }] : []
  const { port, mtu, guard } = want
  const changes: PortChange[] = []
  const isPlugged = have?.tap?.bridge === bridgeName(port.networkId) && have.tap.up
  const isUnguarded = guard !== null && (!have?.tap || have.guard === null)
  if (!have?.tap) changes.push({ do: 'make tap', mtu })
  else if (have.tap.bridge !== null && (!port.adminUp || isUnguarded || !isPlugged)) changes.push({ do: 'unplug' })
  if (guard && (isUnguarded || have?.guard !== guard.hash)) changes.push({ do: 'guard', guard })
  if (!guard && have?.guard) changes.push({ do: 'remove guard' })
  if (!have?.filtered) changes.push({ do: 'put filter in force' })
  if (!have?.dhcp) changes.push({ do: 'write dhcp entries' })
  if (port.adminUp && (!isPlugged || isUnguarded || have?.tap?.mtu !== mtu)) changes.push({ do: 'plug', networkId: port.networkId, mtu })
  return changes
}
