// What a server has of the network, as compute shows it (reference 3.7, 3.24); the network service decides it.
import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { ServerPort } from '../../network/facade.ts'
import { readerOrAdmin } from '../rules.ts'
import { servers } from './resource.ts'
import { Interface, ShownAddresses } from './shown.ts'
import type { Server } from './store.ts'
import { addressesOf } from './view.ts'

const attach = '/servers/{server_id}/os-attach-interfaces'

const portsOf = async ({ cloud, db, server }: BaseContext & { server: Server }): Promise<ServerPort[]> =>
  (await cloud.network.portsOf(db, [server.id])).get(server.id) ?? []

export const interfaceView = (port: ServerPort) => ({
  port_id: port.id,
  net_id: port.networkId,
  mac_addr: port.mac,
  port_state: port.status,
  fixed_ips: port.fixedIps.map(({ subnetId, ip }) => ({ subnet_id: subnetId, ip_address: ip })),
})

const listIps = operation({
  id: 'server-ips.list',
  method: 'GET',
  path: '/servers/{server_id}/ips',
  summary: 'List a server’s addresses',
  catalog: ['compute-v2.1.servers-ips.list-ips'],
  policy: rule('os_compute_api:ips:index', readerOrAdmin, 'List addresses of a server.'),
  on: servers,
  answer: Type.Object({ addresses: ShownAddresses }),
  handle: async (context) => ({ addresses: addressesOf(await portsOf(context), false) }),
})

const showIps = operation({
  id: 'server-ips.show',
  method: 'GET',
  path: '/servers/{server_id}/ips/{network_label}',
  summary: 'Show a server’s addresses on one network',
  catalog: ['compute-v2.1.servers-ips.show-ip-details'],
  policy: rule('os_compute_api:ips:show', readerOrAdmin, 'Show addresses of a server on one network.'),
  on: servers,
  answer: ShownAddresses,
  async handle(context) {
    const label = context.params.network_label
    const addresses = addressesOf(await portsOf(context), false)
    if (!Object.hasOwn(addresses, label)) throw notFound(`Instance is not a member of specified network`)
    return { [label]: addresses[label] }
  },
})

const listInterfaces = operation({
  id: 'server-interfaces.list',
  method: 'GET',
  path: '/servers/{server_id}/os-interface',
  summary: 'List a server’s network interfaces',
  catalog: [],
  also: [{ path: attach, catalog: ['compute-v2.1.attach-interfaces.list-interfaces'] }],
  policy: rule('os_compute_api:os-attach-interfaces:list', readerOrAdmin, 'List network interfaces of a server.'),
  on: servers,
  answer: Type.Object({ interfaceAttachments: Type.Array(Interface) }),
  handle: async (context) => ({ interfaceAttachments: (await portsOf(context)).map(interfaceView) }),
})

const showInterface = operation({
  id: 'server-interfaces.show',
  method: 'GET',
  path: '/servers/{server_id}/os-interface/{port_id}',
  summary: 'Show a network interface of a server',
  catalog: [],
  also: [{ path: `${attach}/{port_id}`, catalog: ['compute-v2.1.attach-interfaces.show-port-interface-details'] }],
  policy: rule('os_compute_api:os-attach-interfaces:show', readerOrAdmin, 'Show a network interface of a server.'),
  on: servers,
  answer: Type.Object({ interfaceAttachment: Interface }),
  async handle(context) {
    const port = (await portsOf(context)).find(({ id }) => id === context.params.port_id)
    if (!port) throw notFound(`Instance ${context.server.id} does not have a port with id ${context.params.port_id.slice(0, 60)}`)
    return { interfaceAttachment: interfaceView(port) }
  },
})

export const networkReads = [listIps, showIps, listInterfaces, showInterface]
