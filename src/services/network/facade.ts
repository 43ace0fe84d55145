// What other services may ask of networking: ports for servers.
import type { PolicyCredentials } from '../../auth/policy.ts'
import type { Cloud } from '../../cloud.ts'
import type { Db, Tx } from '../../db/database.ts'
import { attachPort, bindPorts, portsBound, portsUnbound, unbindPorts } from './servers/bind.ts'
import { checkNics } from './servers/check.ts'
import { type FloatingIpsFacade, floatingIpsFacade } from './servers/floating-ips.ts'
import { type SecurityGroupsFacade, securityGroupsFacade } from './servers/security-groups.ts'
import { portsOf } from './servers/view.ts'
import { serversWithIp } from './servers/with-ip.ts'
import { visibleNetworks } from './store/networks.ts'
import { actorOf, type Looker } from './wire/actor.ts'

/** One network interface that a server asks for: a network, or a port that exists already. */
export interface NicRequest {
  networkId?: string
  portId?: string
  fixedIp?: string
  tag?: string
}

/** What the server's network interfaces shall be. */
export type NicRequests = NicRequest[] | 'auto' | 'none'

export interface ServerPortAddress {
  subnetId: string
  ip: string
  ipVersion: 4 | 6
  cidr: string
  gatewayIp: string | null
  dnsNameservers: string[]
  hostRoutes: { destination: string; nexthop: string }[]
  dhcp: boolean
  floatingIps: string[]
}

/** A port of a server, as compute shows it and puts it into guests. */
export interface ServerPort {
  id: string
  networkId: string
  networkName: string
  mac: string
  mtu: number
  status: string
  fixedIps: ServerPortAddress[]
  securityGroups: { id: string; name: string }[]
}

export interface CheckNics {
  projectId: string
  /** Whose rights decide which networks they may be on, and who may choose an address. */
  credentials: PolicyCredentials
  nics: NicRequests
  /** Names or ids. */
  securityGroups: string[]
  /** How many servers are asked for. */
  count: number
}

export interface BindPorts {
  projectId: string
  /** Whether who asked for the server was an administrator. */
  isAdmin: boolean
  serverId: string
  hostname: string
  host: string
  zone: string
  nics: NicRequests
  securityGroups: string[]
}

export interface AttachPort extends Omit<BindPorts, 'nics'> {
  nic: NicRequest | 'auto'
}

export interface NetworkFacade {
  /** Throws the Faults nova gives for networks, ports or groups that do not exist, cannot be used or are in use, and for a choice that is not clear. */
  checkNics(db: Db, request: CheckNics): Promise<void>
  /** In a task's transaction: makes the ports or takes the given ones over, binds them to the host and writes their documents. Idempotent. */
  bindPorts(tx: Tx, request: BindPorts): Promise<ServerPort[]>
  /** Makes one more port of a server, or takes it over, and puts it on the server's host. Throws the Faults of checkNics. */
  attachPort(tx: Tx, request: AttachPort): Promise<ServerPort>
  /** As unbindPorts, for one of them. */
  detachPort(tx: Tx, serverId: string, portId: string): Promise<void>
  /** Throws Wait until the host has all ports of the server; TaskFailure when it cannot. */
  portsBound(db: Db, serverId: string, host: string): Promise<void>
  /** Takes the ports off the host, deletes those that compute made, sets the others free. Idempotent. */
  unbindPorts(tx: Tx, serverId: string): Promise<void>
  /** Throws Wait until the host no longer has them. */
  portsUnbound(db: Db, serverId: string): Promise<void>
  /** Ports of many servers at once, in the order they were given. */
  portsOf(db: Db, serverIds: string[]): Promise<Map<string, ServerPort[]>>
  /** Ids of servers with an address that matches the regular expression (of all projects when null). */
  serversWithIp(db: Db, projectId: string | null, pattern: string): Promise<string[]>
  /** Id and name of the networks that the asker may see, external ones too; only of that one when an id is given. */
  networks(db: Db, asker: Looker, id?: string): Promise<{ id: string; name: string }[]>
  securityGroups: SecurityGroupsFacade
  floatingIps: FloatingIpsFacade
  /** Deletes everything of a project. */
  deleteProject?(tx: Tx, projectId: string): Promise<void>
}

declare module '../facades.ts' {
  interface Facades {
    network: NetworkFacade
  }
}

export const networkFacade = (cloud: Cloud): NetworkFacade => ({
  checkNics: (db, request) => checkNics(cloud, db, request),
  async bindPorts(tx, request) {
    await bindPorts(cloud, tx, request)
    return (await portsOf(tx.db, [request.serverId])).get(request.serverId)!
  },
  async attachPort(tx, request) {
    const id = await attachPort(cloud, tx, request)
    return (await portsOf(tx.db, [request.serverId])).get(request.serverId)!.find((port) => port.id === id)!
  },
  detachPort: (tx, serverId, portId) => unbindPorts(cloud, tx, serverId, portId),
  portsBound: (db, serverId, host) => portsBound(cloud, db, serverId, host),
  unbindPorts: (tx, serverId) => unbindPorts(cloud, tx, serverId),
  portsUnbound: (db, serverId) => portsUnbound(cloud, db, serverId),
  portsOf,
  serversWithIp,
  networks(db, asker, id) {
    const all = visibleNetworks(db, actorOf(asker)).orderBy('created_at').orderBy('id')
    return (id === undefined ? all : all.where('id', '=', id)).execute()
  },
  securityGroups: securityGroupsFacade(cloud),
  floatingIps: floatingIpsFacade,
})
