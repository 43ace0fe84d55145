// The actions that put a floating IP on a server and take it off.
import { Type } from 'typebox'
import { badRequest, conflict, Fault, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { Closed, Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { memberOrAdmin } from '../rules.ts'
import { servers } from '../servers/resource.ts'

const Address = Type.String({ maxLength: 64, pattern: '^[0-9a-fA-F:.]+$' })
const common = {
  method: 'POST',
  path: '/servers/{server_id}/action',
  until: '2.43',
  catalog: [] as string[],
  status: 202,
  on: servers,
} as const

async function find(context: BaseContext, address: string) {
  const found = await context.cloud.network.floatingIps.findByAddress(context.tx.db, context, address)
  if (!found) throw notFound(`floating IP not found`)
  return found
}

export const serverFloatingIpOperations = [
  operation({
    ...common,
    id: 'servers.add-floating-ip',
    action: 'addFloatingIp',
    summary: 'Put a floating IP on a server',
    policy: rule('os_compute_api:os-floating-ips:add', memberOrAdmin, 'Put a floating IP on a server.'),
    body: Closed({ addFloatingIp: Closed({ address: Address, fixed_address: Type.Optional(Nullable(Address)) }) }),
    async handle(context) {
      const { address, fixed_address = null } = context.body.addFloatingIp
      const floatingIp = await find(context, address)
      try {
        await context.cloud.network.floatingIps.addToServer(context, floatingIp, context.server.id, fixed_address)
      } catch (error) {
        if (!(error instanceof Fault) || error.status === 403) throw error
        throw badRequest(`Unable to associate floating IP ${address} to instance ${context.server.id}. Error: ${error.message}`)
      }
    },
  }),
  operation({
    ...common,
    id: 'servers.remove-floating-ip',
    action: 'removeFloatingIp',
    summary: 'Take a floating IP off a server',
    policy: rule('os_compute_api:os-floating-ips:remove', memberOrAdmin, 'Take a floating IP off a server.'),
    body: Closed({ removeFloatingIp: Closed({ address: Address }) }),
    async handle(context) {
      const { address } = context.body.removeFloatingIp
      const floatingIp = await find(context, address)
      if (floatingIp.serverId !== context.server.id) {
        throw conflict(`Floating IP ${address} is not associated with instance ${context.server.id}.`)
      }
      await context.cloud.network.floatingIps.takeOff(context, floatingIp)
    },
  }),
]
