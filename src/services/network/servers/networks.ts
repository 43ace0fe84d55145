// Which networks, ports and groups a server may have. What is wrong is told in compute's words.
import { badRequest, conflict, forbidden } from '../../../api/faults.ts'
import type { Db } from '../../../db/database.ts'
import type { NicRequests } from '../facade.ts'
import { findVisibleNetwork, type Network, networksForServers } from '../store/networks.ts'
import { findVisiblePort, type Port } from '../store/ports.ts'
import { groupsOfProject } from '../store/security-groups.ts'
import { type Actor, administrator } from '../wire/actor.ts'

export interface Nic {
  network: Network
  /** The port that is taken over; null: one is made. */
  port: Port | null
  fixedIp: string | null
}

export const portInUse = (id: string) => conflict(`Port ${id} is still in use.`)

/** The networks and ports that are asked for. Throws 400, 403 or 409. */
export async function resolveNics(db: Db, asker: Actor, nics: NicRequests, serverId: string | null): Promise<Nic[]> {
  if (nics === 'none') return []
  if (nics === 'auto' || !nics.length) {
    const networks = await networksForServers(db, asker.projectId)
    if (networks.length > 1) throw conflict('Multiple possible networks found, use a Network ID to be more specific.')
    return networks.map((network) => ({ network, port: null, fixedIp: null }))
  }
  const resolved: Nic[] = []
  for (const { networkId, portId, fixedIp } of nics) {
    if (portId !== undefined) {
      const port = await findVisiblePort(db, asker, portId)
      if (!port) throw badRequest(`Port id ${portId} could not be found.`)
      if (port.project_id !== asker.projectId) throw badRequest(`Port ${portId} not usable for a server of project ${asker.projectId}.`)
      // The owner may clear `device_id` while the port is bound; it is in use nevertheless.
      const user = port.bound_server ?? port.device_id
      if (user && user !== serverId) throw portInUse(portId)
      if (resolved.some((nic) => nic.port?.id === portId)) throw badRequest(`Port ${portId} is asked for more than once.`)
      if (port.binding_vnic_type !== 'normal')
        throw badRequest(`Port ${portId} is of the vnic type ${port.binding_vnic_type}, which no host of this cloud can bind.`)
      if (!port.fixed_ips.length) throw badRequest(`Port ${portId} requires a FixedIP in order to be used.`)
      const network = await findVisibleNetwork(db, administrator(port.project_id), port.network_id)
      resolved.push({ network: network!, port, fixedIp: null })
      continue
    }
    const network = networkId === undefined ? undefined : await findVisibleNetwork(db, asker, networkId)
    if (!network) throw badRequest(`Network ${networkId} could not be found.`)
    if (network.external && !network.shared && !asker.isAdmin && network.project_id !== asker.projectId) {
      throw forbidden(`It is not allowed to create an interface on external network ${network.id}`)
    }
    resolved.push({ network, port: null, fixedIp: fixedIp ?? null })
  }
  return resolved
}

/** Ids of the groups of the project that are named by name or id. Throws 400, and 409 for a name that two groups have. */
export async function resolveGroups(db: Db, projectId: string, wanted: string[]): Promise<string[]> {
  if (!wanted.length) return []
  const groups = await groupsOfProject(db, projectId)
  const ids: string[] = []
  for (const name of new Set(wanted)) {
    const found = groups.filter((group) => group.id === name)
    const named = found.length ? found : groups.filter((group) => group.name === name)
    if (named.length > 1) throw conflict(`Multiple security_group matches found for name '${name}', use an ID to be more specific.`)
    if (named[0]) ids.push(named[0].id)
    // The default group is there for every project, though it may not have been made yet.
    else if (name !== 'default') throw badRequest(`Security group ${name.slice(0, 255)} not found for project ${projectId}.`)
  }
  return [...new Set(ids)]
}
