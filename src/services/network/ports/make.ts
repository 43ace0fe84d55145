// Making, changing and removing ports: for the API, and for servers, routers, floating IPs and DHCP alike.
import type { Updateable } from 'kysely'
import { conflict } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { holdRow } from '../../../db/hold.ts'
import { eui64, parseCidr } from '../addresses/cidr.ts'
import { canonicalIp } from '../addresses/ip.ts'
import { placeNetwork, releaseNetwork } from '../documents/networks.ts'
import { syncPort } from '../documents/ports.ts'
import { syncGroups } from '../documents/security-groups.ts'
import { networkEvents, tellNetwork } from '../events.ts'
import { findNetwork, type Network } from '../store/networks.ts'
import { addPortGroups, deletePortRow, findByMac, insertPort, lockPort, type Port, setPortGroups, updatePort } from '../store/ports.ts'
import { releaseAddress, type Subnet, subnetsOfNetwork } from '../store/subnets.ts'
import type { AddressPair, DhcpOption, FixedAddress, PortRow } from '../tables.ts'
import { networkNotFound } from '../wire/faults.ts'
import { allocate, checkRequests, type FixedRequest, isAuto } from './allocate.ts'
import { releaseFromPort } from './release-floating-ips.ts'

export interface NewPort {
  network: Network
  projectId: string
  name?: string
  description?: string
  mac?: string
  /** null: one address of each IP version. */
  fixed: FixedRequest[] | null
  deviceId?: string
  deviceOwner?: string
  adminStateUp?: boolean
  securityGroups: string[]
  portSecurity?: boolean
  /** Made when the MAC is known: a pair without one has the port's. */
  allowedAddressPairs?: (mac: string) => AddressPair[]
  extraDhcpOpts?: DhcpOption[]
  binding?: { host?: string; vnicType?: string; profile?: Record<string, unknown> }
  dnsName?: string
  /** Place, and name of the guest, of a port that a server gets. */
  bound?: { server: string; host: string; hostname: string; order: number; made: boolean }
  /** The network's subnets, when the caller has them. */
  subnets?: Subnet[]
}

/** Ports that the service makes for itself count for no quota, and nobody is told of them. */
const counted = (port: Pick<PortRow, 'project_id' | 'device_owner'>) => port.project_id !== '' && port.device_owner !== 'network:dhcp'

/** Guests and gateways of routers give themselves addresses; interfaces of routers, DHCP servers and floating IPs have what was asked for. */
export const makesOwnAddresses = (deviceOwner: string) => deviceOwner === 'network:router_gateway' || !deviceOwner.startsWith('network:')

const addressing = (deviceOwner: string) => ({
  autoAddresses: makesOwnAddresses(deviceOwner),
  isRouter: deviceOwner === 'network:router_interface',
  mayRoute: deviceOwner === '' || deviceOwner.startsWith('network:router_'),
})

async function freeMac(cloud: Cloud, tx: Tx, networkId: string): Promise<string> {
  for (;;) {
    const digits = cloud.environment.random.bytes(3).toString('hex')
    const mac = `fa:16:3e:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}`
    if (!(await findByMac(tx.db, networkId, mac))) return mac
  }
}

async function givenMac(tx: Tx, networkId: string, mac: string): Promise<string> {
  if (await findByMac(tx.db, networkId, mac)) {
    throw conflict(`Unable to complete operation for network ${networkId}. The mac address ${mac} is in use.`, 'MacAddressInUse')
  }
  return mac
}

/** The network, before its subnets and the quota, as all take them. Throws 404 or 409 where it is no longer what allowed the port: shared or external. */
async function holdNetwork(cloud: Cloud, tx: Tx, seen: Network): Promise<void> {
  await holdRow(cloud.database, tx.db, 'network_networks', seen.id)
  const network = await findNetwork(tx.db, seen.id)
  if (!network) throw networkNotFound(seen.id)
  if (network.shared !== seen.shared || network.external !== seen.external)
    throw conflict(`Network ${seen.id} was changed by another request. Try again.`)
}

/** Makes the port with its addresses and takes it from the quota. Throws the faults of addresses, MACs and quota. */
export async function makePort(cloud: Cloud, tx: Tx, wanted: NewPort, now: string): Promise<Port> {
  const { network, binding = {}, bound } = wanted
  checkRequests(wanted.fixed ?? [])
  await holdNetwork(cloud, tx, network)
  const id = cloud.environment.uuid()
  const mac_address = wanted.mac ? await givenMac(tx, network.id, wanted.mac) : await freeMac(cloud, tx, network.id)
  const device_owner = wanted.deviceOwner ?? ''
  if (counted({ project_id: wanted.projectId, device_owner })) await cloud.quota.take(tx, wanted.projectId, { 'network.port': 1 })
  const row: Parameters<typeof insertPort>[1] = {
    id,
    project_id: wanted.projectId,
    network_id: network.id,
    name: wanted.name ?? '',
    description: wanted.description ?? '',
    mac_address,
    admin_state_up: wanted.adminStateUp ?? true,
    status: 'DOWN',
    device_id: wanted.deviceId ?? '',
    device_owner,
    fixed_ips: [],
    security_groups: wanted.securityGroups,
    allowed_address_pairs: wanted.allowedAddressPairs?.(mac_address) ?? [],
    extra_dhcp_opts: wanted.extraDhcpOpts ?? [],
    port_security_enabled: wanted.portSecurity ?? true,
    binding_host: bound?.host ?? binding.host ?? '',
    binding_vnic_type: binding.vnicType ?? 'normal',
    binding_profile: binding.profile ?? {},
    dns_name: wanted.dnsName ?? '',
    bound_host: bound?.host ?? null,
    bound_server: bound?.server ?? null,
    guest_hostname: bound?.hostname ?? null,
    made_by_compute: bound?.made ?? false,
    nic_order: bound?.order ?? 0,
    created_at: now,
    updated_at: now,
  }
  // Addresses refer to the port's row, so it comes first and is completed when they are known.
  const subnets = wanted.subnets ?? (await subnetsOfNetwork(tx.db, network.id))
  let port = await insertPort(tx.db, row)
  const fixed_ips = await allocate(tx.db, {
    portId: id,
    mac: mac_address,
    subnets,
    requests: wanted.fixed,
    ...addressing(device_owner),
    networkId: network.id,
  })
  port = await updatePort(tx.db, id, { fixed_ips }, now)
  await addPortGroups(tx.db, id, wanted.securityGroups)
  if (bound) await placeNetwork(cloud, tx, network.id, bound.host)
  if (wanted.securityGroups.length) await syncGroups(cloud, tx, wanted.securityGroups, { host: bound?.host })
  if (bound) await syncPort(cloud, tx, port)
  if (counted(port)) await tellNetwork(cloud, tx, networkEvents.port.created, port)
  return port
}

/** An address that a host gave itself, but not from this MAC address. */
function isOfAnotherMac({ device_owner, mac_address }: Port, subnets: Subnet[], fixed: FixedAddress): boolean {
  if (!makesOwnAddresses(device_owner)) return false
  const subnet = subnets.find((one) => one.id === fixed.subnet_id && isAuto(one))
  return subnet !== undefined && eui64(parseCidr(subnet.cidr)!, mac_address) !== fixed.ip_address
}

/**
 * The addresses that the port shall have (null: those that it has): those it has already stay, others are taken, the rest is given back.
 * With another MAC address in `port` than before, those that its host makes of it are others.
 */
export async function changeAddresses(cloud: Cloud, tx: Tx, port: Port, wishes: FixedRequest[] | null): Promise<FixedAddress[]> {
  checkRequests(wishes ?? [])
  const subnets = await subnetsOfNetwork(tx.db, port.network_id)
  const isFormer = (fixed: FixedAddress) => isOfAnotherMac(port, subnets, fixed)
  for (const fixed of port.fixed_ips) if (isFormer(fixed)) await releaseAddress(tx.db, fixed.subnet_id, fixed.ip_address)
  const rest = port.fixed_ips.filter((fixed) => !isFormer(fixed))
  const requests: FixedRequest[] = wishes ?? [...rest]
  const keep = (fits: (fixed: FixedAddress) => boolean): FixedAddress | null => {
    const index = rest.findIndex(fits)
    return index < 0 ? null : rest.splice(index, 1)[0]!
  }
  // Exact wishes first, so that a wish for any address of the subnet does not take theirs.
  const kept = new Map<FixedRequest, FixedAddress>()
  for (const exact of [true, false]) {
    for (const request of requests) {
      if ((request.ip_address !== undefined) !== exact) continue
      const ip = request.ip_address === undefined ? undefined : (canonicalIp(request.ip_address) ?? request.ip_address)
      const found = keep(
        (fixed) =>
          (ip === undefined || fixed.ip_address === ip) && (request.subnet_id === undefined || fixed.subnet_id === request.subnet_id),
      )
      if (found) kept.set(request, found)
    }
  }
  // Addresses that hosts give themselves stay as long as the port is in the network.
  const own = makesOwnAddresses(port.device_owner)
    ? rest.filter((fixed) => subnets.some((subnet) => subnet.id === fixed.subnet_id && isAuto(subnet)))
    : []
  for (const fixed of rest) if (!own.includes(fixed)) await releaseAddress(tx.db, fixed.subnet_id, fixed.ip_address)
  const missing = requests.filter((request) => !kept.has(request))
  const added = await allocate(tx.db, {
    portId: port.id,
    mac: port.mac_address,
    subnets,
    requests: missing,
    kept: [...kept.values(), ...own],
    ...addressing(port.device_owner),
    networkId: port.network_id,
  })
  const fixed = [
    ...requests.map((request) => kept.get(request) ?? added[missing.indexOf(request)]!),
    ...own,
    ...added.slice(missing.length),
  ]
  const gone = port.fixed_ips.filter((old) => !fixed.some((one) => one.subnet_id === old.subnet_id && one.ip_address === old.ip_address))
  for (const { ip_address } of gone) await releaseFromPort(cloud, tx, port.id, ip_address)
  return fixed
}

/** Writes the changes, and brings the documents up to date that show them. */
export async function changePort(cloud: Cloud, tx: Tx, port: Port, changes: Updateable<PortRow>, now: string): Promise<Port> {
  if (changes.mac_address !== undefined && changes.mac_address !== port.mac_address)
    await givenMac(tx, port.network_id, changes.mac_address)
  const changed = await updatePort(tx.db, port.id, changes, now)
  if (changes.security_groups) await setPortGroups(tx.db, port.id, changed.security_groups)
  const members = changes.security_groups || changes.fixed_ips || changes.allowed_address_pairs || changes.bound_host !== undefined
  if (changes.bound_host !== undefined && changes.bound_host !== port.bound_host) {
    if (changed.bound_host !== null) await placeNetwork(cloud, tx, port.network_id, changed.bound_host)
    if (port.bound_host !== null) await releaseNetwork(cloud, tx, port.network_id)
  }
  if (members) await syncGroups(cloud, tx, [...port.security_groups, ...changed.security_groups], { host: changed.bound_host })
  await syncPort(cloud, tx, changed)
  return changed
}

/** Removes the port with all that hangs on it: addresses, floating IPs, documents, quota. */
export async function removePort(cloud: Cloud, tx: Tx, { id }: Pick<Port, 'id'>): Promise<void> {
  const port = await lockPort(tx.db, id)
  if (!port) return
  await holdRow(cloud.database, tx.db, 'network_networks', port.network_id)
  await releaseFromPort(cloud, tx, port.id)
  if (port.bound_host !== null) await cloud.hosts.remove(tx, port.bound_host, 'port', port.id)
  await deletePortRow(tx.db, port.id)
  if (counted(port)) {
    await cloud.quota.count(tx, port.project_id, { 'network.port': -1 })
    await tellNetwork(cloud, tx, networkEvents.port.deleted, port)
  }
  if (port.bound_host !== null) await releaseNetwork(cloud, tx, port.network_id)
  if (port.security_groups.length) await syncGroups(cloud, tx, port.security_groups)
}
