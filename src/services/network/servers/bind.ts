// Ports of a server are made or taken over, put on its host, and taken off again.
import { badRequest, Fault, forbidden } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db, Tx } from '../../../db/database.ts'
import { holdRows } from '../../../db/hold.ts'
import { QuotaExceeded } from '../../../quota/quota.ts'
import { TaskFailure } from '../../../tasks/task.ts'
import { placeNetwork } from '../documents/networks.ts'
import { syncPort } from '../documents/ports.ts'
import { syncGroups } from '../documents/security-groups.ts'
import { leavingPorts, noteLeaving } from '../documents/store.ts'
import type { AttachPort, BindPorts } from '../facade.ts'
import { changePort, makePort, removePort } from '../ports/make.ts'
import { ensureDefaultGroup } from '../security-groups/default-group.ts'
import { movePorts } from '../store/machines.ts'
import { claimPort, type Port, portsOfServers } from '../store/ports.ts'
import { administrator, ordinary } from '../wire/actor.ts'
import { portInUse, resolveGroups, resolveNics } from './networks.ts'

/** Does what `NetworkFacade.bindPorts` says; what a client could not have asked for is a TaskFailure. */
export async function bindPorts(cloud: Cloud, tx: Tx, request: BindPorts): Promise<void> {
  const now = new Date(cloud.environment.clock.now()).toISOString()
  const bound = (await portsOfServers(tx.db, [request.serverId])).filter((port) => port.bound_host !== null)
  if (bound.length && bound.every((port) => port.bound_host === request.host)) {
    for (const port of bound) await place(cloud, tx, port)
    return
  }
  if (bound.length) {
    // The server has moved: its ports go with it.
    for (const port of bound) {
      await noteLeaving(tx.db, port.id, request.serverId, port.bound_host!)
      await cloud.hosts.remove(tx, port.bound_host!, 'port', port.id)
      await movePorts(tx, [port.id], 'stops', now)
      await changePort(cloud, tx, port, { bound_host: request.host, binding_host: request.host }, now)
    }
    return
  }
  try {
    await makeOrTake(cloud, tx, request, now)
  } catch (error) {
    if (error instanceof Fault) throw new TaskFailure(error.message)
    if (error instanceof QuotaExceeded) throw new TaskFailure('Maximum number of ports exceeded')
    throw error
  }
}

/** All networks of a server first, in one order: two servers on the same ones would else wait for each other. */
const holdNetworks = (cloud: Cloud, tx: Tx, ids: string[]) => holdRows(cloud.database, tx.db, 'network_networks', ids)

/** Does what `NetworkFacade.attachPort` says. */
export async function attachPort(cloud: Cloud, tx: Tx, { nic, ...request }: AttachPort): Promise<string> {
  const now = new Date(cloud.environment.clock.now()).toISOString()
  const there = await portsOfServers(tx.db, [request.serverId])
  const order = Math.max(-1, ...there.map((port) => port.nic_order)) + 1
  const made = await makeOrTake(cloud, tx, { ...request, nics: nic === 'auto' ? nic : [nic] }, now, order).catch((error) => {
    throw error instanceof QuotaExceeded ? forbidden('Maximum number of ports exceeded') : error
  })
  if (made.length !== 1) throw badRequest(`There is no network that server ${request.serverId} could have an interface on.`)
  return made[0]!
}

/** Ids of the ports. */
async function makeOrTake(cloud: Cloud, tx: Tx, request: BindPorts, now: string, firstOrder = 0): Promise<string[]> {
  const { projectId, serverId, host, hostname, zone } = request
  const nics = await resolveNics(tx.db, (request.isAdmin ? administrator : ordinary)(projectId), request.nics, serverId)
  if (!nics.length) return []
  await holdNetworks(
    cloud,
    tx,
    nics.map(({ network }) => network.id),
  )
  const wanted = request.securityGroups.length ? request.securityGroups : ['default']
  const defaultGroup = wanted.includes('default') ? await ensureDefaultGroup(cloud, tx, projectId, now) : null
  const named = await resolveGroups(
    tx.db,
    projectId,
    wanted.filter((name) => name !== 'default'),
  )
  const groups = defaultGroup ? [defaultGroup, ...named.filter((id) => id !== defaultGroup)] : named
  const owner = { device_id: serverId, device_owner: `compute:${zone}` }
  const ids: string[] = []
  for (const [index, { network, port, fixedIp }] of nics.entries()) {
    const order = firstOrder + index
    if (port) {
      if (!(await claimPort(tx.db, port.id, serverId))) throw portInUse(port.id)
      const place = { bound_host: host, binding_host: host, guest_hostname: hostname, nic_order: order }
      ids.push((await changePort(cloud, tx, port, { ...owner, ...place }, now)).id)
      continue
    }
    const portSecurity = network.port_security_enabled
    const made = await makePort(
      cloud,
      tx,
      {
        network,
        projectId,
        fixed: fixedIp === null ? null : [{ ip_address: fixedIp }],
        deviceId: owner.device_id,
        deviceOwner: owner.device_owner,
        securityGroups: portSecurity ? groups : [],
        portSecurity,
        bound: { server: serverId, host, hostname, order, made: true },
      },
      now,
    )
    ids.push(made.id)
  }
  return ids
}

/** Writes all documents that the port needs again; those that are right already stay as they are. */
async function place(cloud: Cloud, tx: Tx, port: Port): Promise<void> {
  await placeNetwork(cloud, tx, port.network_id, port.bound_host!)
  await syncGroups(cloud, tx, port.security_groups, { host: port.bound_host })
  await syncPort(cloud, tx, port)
}

/** Throws Wait or TaskFailure until the host has made the documents of all ports true. */
export async function portsBound(cloud: Cloud, db: Db, serverId: string, host: string): Promise<void> {
  const ports = (await portsOfServers(db, [serverId])).filter((port) => port.bound_host === host)
  for (const port of ports) await cloud.hosts.settled(db, host, 'port', port.id)
}

const unbound = { bound_host: null, bound_server: null, binding_host: '', guest_hostname: null, nic_order: 0 }

/** Does what `NetworkFacade.unbindPorts` says. */
export async function unbindPorts(cloud: Cloud, tx: Tx, serverId: string, portId?: string): Promise<void> {
  const now = new Date(cloud.environment.clock.now()).toISOString()
  const ports = (await portsOfServers(tx.db, [serverId])).filter(({ id }) => portId === undefined || id === portId)
  await holdNetworks(
    cloud,
    tx,
    ports.map((port) => port.network_id),
  )
  for (const port of ports) {
    if (port.bound_host !== null && (await cloud.hosts.holders(tx.db, 'port', port.id)).length) {
      await noteLeaving(tx.db, port.id, serverId, port.bound_host)
    }
    if (port.made_by_compute) {
      await removePort(cloud, tx, port)
      continue
    }
    if (port.bound_host !== null) await cloud.hosts.remove(tx, port.bound_host, 'port', port.id)
    await movePorts(tx, [port.id], 'stops', now)
    const free = { device_id: '', device_owner: '', ...unbound }
    await changePort(cloud, tx, port, free, now)
  }
}

/** Throws Wait until the hosts have reported the server's former ports as gone. */
export async function portsUnbound(cloud: Cloud, db: Db, serverId: string): Promise<void> {
  for (const { port_id, host } of await leavingPorts(db, serverId)) await cloud.hosts.settled(db, host, 'port', port_id)
}
