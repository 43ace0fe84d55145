// What the attributes of a port may be, at its creation and later.
import type { Static } from 'typebox'
import { badRequest, conflict } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { Db } from '../../../db/database.ts'
import { formatCidr, parseCidr } from '../addresses/cidr.ts'
import { canonicalIp } from '../addresses/ip.ts'
import { guardedPort } from '../rules.ts'
import { findGroups } from '../store/security-groups.ts'
import type { AddressPair } from '../tables.ts'
import { checkAttributes } from '../wire/actor.ts'
import { groupNotFound } from '../wire/faults.ts'
import type { PortChanges } from './schema.ts'

type Given = Static<typeof PortChanges>['port']

/** Owners that only the service itself gives, whatever the policy says: routers, floating IPs and DHCP rest on them. */
const serviceOwned = /^network:(router|floatingip|dhcp|ha_router)/

/** Asks the rules of all attributes that are given. Throws 403, and 400 for an owner that nobody may give. */
export function checkPortAttributes(context: Pick<BaseContext, 'allows'>, verb: string, given: Given, target: object): void {
  if (given.device_owner && serviceOwned.test(given.device_owner)) {
    checkAttributes(context, verb, ['device_owner'], given, { ...target, device_owner: given.device_owner })
    throw badRequest(`Invalid input for device_owner. Reason: '${given.device_owner}' is given by the service only.`)
  }
  checkAttributes(context, verb, guardedPort, given, { ...target, device_owner: given.device_owner ?? '' })
  const fixed = given.fixed_ips ?? []
  const parts = {
    'fixed_ips:ip_address': fixed.some((one) => one.ip_address !== undefined) || undefined,
    'fixed_ips:subnet_id': fixed.some((one) => one.subnet_id !== undefined) || undefined,
  }
  checkAttributes(context, verb, ['fixed_ips:ip_address', 'fixed_ips:subnet_id'], parts, { ...target })
}

/** `fa:16:3e:00:00:01`. Throws 400 for addresses of groups and for none at all. */
export function canonicalMac(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':')
  if (mac === '00:00:00:00:00:00' || Number.parseInt(mac.slice(0, 2), 16) & 1) {
    throw badRequest(`Invalid input for mac_address. Reason: '${text}' is not a valid MAC address.`)
  }
  return mac
}

/** Pairs with canonical addresses; the port's own MAC where none is given. Throws 400. */
export function checkPairs(given: NonNullable<Given['allowed_address_pairs']>, portMac: string): AddressPair[] {
  const pairs = given.map(({ ip_address, mac_address }) => {
    const range = ip_address.includes('/') ? parseCidr(ip_address) : null
    const ip = range ? formatCidr(range) : canonicalIp(ip_address)
    if (!ip)
      throw badRequest(`Invalid input for allowed_address_pairs. Reason: '${ip_address.slice(0, 64)}' is not a valid IP address or subnet.`)
    return { ip_address: ip, mac_address: mac_address === undefined ? portMac : canonicalMac(mac_address) }
  })
  if (new Set(pairs.map((pair) => `${pair.ip_address} ${pair.mac_address}`)).size < pairs.length) {
    throw badRequest('Invalid input for allowed_address_pairs. Reason: Duplicate address pairs.', 'DuplicateAddressPairInRequest')
  }
  return pairs
}

/** The groups must be the port's project's (an administrator may give any). Throws 404. */
export async function checkGroups(db: Db, ids: string[], projectId: string, isAdmin: boolean): Promise<string[]> {
  const unique = [...new Set(ids)]
  const found = await findGroups(db, unique)
  for (const id of unique) {
    const group = found.find((one) => one.id === id)
    if (!group || (!isAdmin && group.project_id !== projectId)) throw groupNotFound(id)
  }
  return unique
}

/** Groups and address pairs mean nothing without port security. `had`: the groups are those that the port has already. Throws 400 or 409. */
export function checkSecurity(portSecurity: boolean, groups: string[], pairs: AddressPair[], had = false): void {
  if (portSecurity) return
  if (groups.length && had) {
    throw conflict(
      'Port has security group associated. Cannot disable port security or IP address until security group is removed.',
      'PortSecurityPortHasSecurityGroup',
    )
  }
  if (groups.length) {
    throw badRequest(
      'Port security must be enabled and port must have an IP address in order to use security groups.',
      'PortSecurityAndIPRequiredForSecurityGroups',
    )
  }
  if (pairs.length) {
    throw conflict('Port Security must be enabled in order to have allowed address pairs on a port.', 'AddressPairAndPortSecurityRequired')
  }
}
