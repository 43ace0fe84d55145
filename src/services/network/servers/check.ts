import { badRequest, forbidden } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { contains, parseCidr } from '../addresses/cidr.ts'
import { canonicalIp, keyOf, parseIp } from '../addresses/ip.ts'
import type { CheckNics } from '../facade.ts'
import { portTarget } from '../ports/resource.ts'
import { isTaken, subnetsOfNetwork } from '../store/subnets.ts'
import { administrator, isAdmin, ordinary } from '../wire/actor.ts'
import { resolveGroups, resolveNics } from './networks.ts'

/** Throws the fault that a server with these wishes would meet, before anything is made. */
export async function checkNics(cloud: Cloud, db: Db, request: CheckNics): Promise<void> {
  const { projectId, nics, count, securityGroups } = request
  if (count > 1 && Array.isArray(nics)) {
    if (nics.some((nic) => nic.fixedIp !== undefined)) throw badRequest('Failed to launch instances: Invalid fixed IP and max count.')
    if (nics.some((nic) => nic.portId !== undefined)) {
      throw badRequest(
        'Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports.',
      )
    }
  }
  await resolveGroups(db, projectId, securityGroups)
  const resolved = await resolveNics(db, (isAdmin(cloud, request.credentials) ? administrator : ordinary)(projectId), nics, null)
  const made = resolved.filter((nic) => nic.port === null)
  for (const { network, fixedIp } of made) {
    const subnets = await subnetsOfNetwork(db, network.id)
    if (!subnets.length) throw badRequest(`Network ${network.id} requires a subnet in order to boot instances on.`)
    if (fixedIp === null) continue
    // As for ports: on a network that others share, the gateway's address could be asked for.
    const rule = 'create_port:fixed_ips:ip_address'
    if (!cloud.policies.get('network')!.allows(rule, request.credentials, portTarget(projectId, network, ''))) {
      throw forbidden(`It is not allowed to choose an address on network ${network.id}: rule ${rule}.`)
    }
    const ip = parseIp(fixedIp)
    const subnet = ip && subnets.find((one) => contains(parseCidr(one.cidr)!, ip))
    if (!ip || !subnet) throw badRequest(`Fixed IP ${fixedIp} is not a valid ip address for network ${network.id}.`)
    if (await isTaken(db, subnet.id, keyOf(ip))) throw badRequest(`Fixed IP address ${canonicalIp(fixedIp)} is already in use on instance.`)
  }
  if (!made.length) return
  const limit = await cloud.quota.limit(db, projectId, 'network.port')
  if (limit < 0) return
  const { port } = await cloud.quota.show(db, projectId, 'network.')
  if (port!.in_use + made.length * count > limit) throw forbidden('Maximum number of ports exceeded')
}
