// Network interfaces of servers that are there (reference 3.24): a port is put on the server's host, and the running guest gains it.
import { type Static, Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { Closed, Nullable, Uuid } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import type { Cloud } from '../../../cloud.ts'
import { type StepContext, type Task, TaskFailure, task } from '../../../tasks/task.ts'
import { isAdmin } from '../asker.ts'
import { refreshMetadata } from '../metadata/guest-spec.ts'
import { memberOrAdmin } from '../rules.ts'
import { defaultZone } from '../scheduler/pick-host.ts'
import { locksOf, recordEnd, serverOf } from './create-task.ts'
import type { ServerVerb } from './events.ts'
import { hostAnswers } from './host-answers.ts'
import { interfaceView } from './network-reads.ts'
import { changeGuest, guestSettled } from './power-task.ts'
import { noteAction, servers } from './resource.ts'
import { Interface } from './shown.ts'

const path = '/servers/{server_id}/os-interface'
const other = '/servers/{server_id}/os-attach-interfaces'
const Address = Type.String({ maxLength: 64, pattern: '^[0-9a-fA-F:.]+$' })
const Wanted = Closed({
  port_id: Type.Optional(Nullable(Uuid)),
  net_id: Type.Optional(Nullable(Uuid)),
  fixed_ips: Type.Optional(Nullable(Type.Array(Closed({ ip_address: Address }), { minItems: 1, maxItems: 1 }))),
})

function nicOf({ port_id: portId, net_id: networkId, fixed_ips }: Static<typeof Wanted>) {
  const fixedIp = fixed_ips?.[0]?.ip_address
  if (portId && networkId) throw badRequest('Must not input both network_id and port_id')
  if (fixedIp !== undefined && !networkId) throw badRequest('Must input network_id when request IP address')
  if (portId) return { portId }
  return networkId ? { networkId, ...(fixedIp === undefined ? {} : { fixedIp }) } : ('auto' as const)
}

export const attachInterface = operation({
  id: 'server-interfaces.attach',
  method: 'POST',
  path,
  summary: 'Add a network interface to a server',
  catalog: [],
  also: [{ path: other, catalog: ['compute-v2.1.attach-interfaces.create-interface'] }],
  policy: rule('os_compute_api:os-attach-interfaces:create', memberOrAdmin, 'Add a network interface to a server.'),
  on: servers,
  locked: 'refused',
  allowed: ['active', 'stopped'],
  // None for a port that is there already.
  quota: { 'network.port': 'handler' },
  body: Closed({ interfaceAttachment: Type.Optional(Wanted) }),
  answer: Type.Object({ interfaceAttachment: Interface }),
  async handle(context) {
    const { cloud, tx, server, who, body, start } = context
    const nic = nicOf(body.interfaceAttachment ?? {})
    const nics = nic === 'auto' ? nic : [nic]
    const projectId = server.project_id
    await cloud.network.checkNics(tx.db, { projectId, credentials: who.credentials, nics, securityGroups: ['default'], count: 1 })
    const port = await cloud.network.attachPort(tx, {
      projectId,
      isAdmin: isAdmin(context),
      serverId: server.id,
      hostname: server.hostname,
      host: server.host!,
      zone: server.availability_zone ?? defaultZone,
      nic,
      securityGroups: ['default'],
    })
    await noteAction(context, server, 'attach_interface')
    await start(attachInterfaceTask, { serverId: server.id, portId: port.id })
    return { interfaceAttachment: interfaceView(port) }
  },
})

export const detachInterface = operation({
  id: 'server-interfaces.detach',
  method: 'DELETE',
  path: `${path}/{port_id}`,
  summary: 'Remove a network interface from a server',
  catalog: [],
  also: [{ path: `${other}/{port_id}`, catalog: ['compute-v2.1.attach-interfaces.detach-interface'] }],
  policy: rule('os_compute_api:os-attach-interfaces:delete', memberOrAdmin, 'Remove a network interface from a server.'),
  on: servers,
  locked: 'refused',
  allowed: ['active', 'stopped'],
  status: 202,
  async handle(context) {
    const { cloud, tx, server, params, start } = context
    const ports = (await cloud.network.portsOf(tx.db, [server.id])).get(server.id) ?? []
    if (!ports.some(({ id }) => id === params.port_id))
      throw notFound(`Port ${params.port_id.slice(0, 60)} is not attached to server ${server.id}`)
    await noteAction(context, server, 'detach_interface')
    await start(detachInterfaceTask, { serverId: server.id, portId: params.port_id })
  },
})

const Input = Type.Object({ serverId: Type.String(), portId: Type.String() })
type Input = Static<typeof Input>
type Context = StepContext<Cloud>

/** The guest's document with the port. */
async function gainNic(input: Input, context: Context): Promise<void> {
  const { cloud, db } = context
  const server = await serverOf(input, context)
  const ports = (await cloud.network.portsOf(db, [server.id])).get(server.id) ?? []
  const port = ports.find(({ id }) => id === input.portId)
  // Its owner may have deleted it meanwhile.
  if (!port) throw new TaskFailure(`Port ${input.portId} is not the server's any more.`)
  await changeGuest(input, context, (spec) => ({
    ...spec,
    nics: [...spec.nics.filter(({ portId }) => portId !== port.id), { portId: port.id, mac: port.mac, mtu: port.mtu }],
  }))
  await refreshMetadata(cloud, context, server)
}

/** The guest's document without the port; nothing is left to do when the guest is gone. */
async function loseNic(input: Input, context: Context): Promise<void> {
  const server = await serverOf(input, context)
  if (!server.host || !(await context.cloud.hosts.get(context.db, server.host, 'guest', server.id))) return
  await changeGuest(input, context, (spec) => ({ ...spec, nics: spec.nics.filter(({ portId }) => portId !== input.portId) }))
}

/** Takes the port off the host and waits for that; a host that is away will do it when it is back. */
async function losePort(input: Input, context: Context): Promise<void> {
  const { cloud, db } = context
  const { host } = await serverOf(input, context)
  await cloud.network.detachPort(context, input.serverId, input.portId)
  if (!host || (await hostAnswers(context, host, `a port of server ${input.serverId}`)))
    await cloud.network.portsUnbound(db, input.serverId)
}

const ends = (event: string, told: ServerVerb) => ({
  done: (input: Input, context: Context) => recordEnd(input, context, event, told),
  failed: (input: Input, context: Context) => recordEnd(input, context, event, told),
})

/** What a deletion interrupts, the deletion takes away. */
const unlessInterrupted = (undo: (input: Input, context: Context) => Promise<void>) => async (input: Input, context: Context) => {
  if (!context.interrupted) await undo(input, context)
}

export const attachInterfaceTask: Task<Input> = task('compute.server.attach-interface', { input: Input, locks: locksOf })
  .step('port', {
    async run(input, context) {
      const { host } = await serverOf(input, context)
      await context.cloud.network.portsBound(context.db, input.serverId, host!)
    },
    undo: unlessInterrupted(losePort),
  })
  .step('guest', { run: gainNic, undo: unlessInterrupted(loseNic) })
  .step('settled', { run: guestSettled })
  .ends(ends('compute_attach_interface', 'interface_attach'))

export const detachInterfaceTask: Task<Input> = task('compute.server.detach-interface', { input: Input, locks: locksOf })
  // What the guest does not let go of is its own again.
  .step('guest', { run: loseNic, undo: unlessInterrupted(gainNic) })
  .step('settled', {
    async run(input, context) {
      const { host } = await serverOf(input, context)
      if (host) await guestSettled(input, context)
    },
  })
  .step('port', {
    async run(input, context) {
      await losePort(input, context)
      await refreshMetadata(context.cloud, context, await serverOf(input, context))
    },
  })
  .ends(ends('compute_detach_interface', 'interface_detach'))
