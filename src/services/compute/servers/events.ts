// What happens to servers, as others may read it: how a creation, a deletion, a start, a stop, a reboot or a change of its interfaces ended.
import { Type } from 'typebox'
import type { Cloud } from '../../../cloud.ts'
import { eventType } from '../../../events/event.ts'
import type { StepContext } from '../../../tasks/task.ts'
import { findAction, getServer } from './store.ts'

const instance = {
  instance_id: Type.String(),
  display_name: Type.String(),
  tenant_id: Type.String(),
  /** The owner; who did it is `user_id` of the event. */
  user_id: Type.String(),
  state: Type.String(),
  host: Type.Union([Type.String(), Type.Null()]),
  instance_flavor_id: Type.String(),
  vcpus: Type.Integer(),
  memory_mb: Type.Integer(),
  disk_gb: Type.Integer(),
}

const endsOf = <Verb extends string>(verb: Verb) => ({
  end: eventType(`compute.instance.${verb}.end`, Type.Object(instance)),
  error: eventType(`compute.instance.${verb}.error`, Type.Object({ ...instance, message: Type.String() })),
})

export const serverEvents = {
  create: endsOf('create'),
  delete: endsOf('delete'),
  power_on: endsOf('power_on'),
  power_off: endsOf('power_off'),
  reboot: endsOf('reboot'),
  interface_attach: endsOf('interface_attach'),
  interface_detach: endsOf('interface_detach'),
}
export type ServerVerb = keyof typeof serverEvents

/** Tells how what a task did with a server ended. */
export async function tellEnd(serverId: string, context: StepContext<Cloud>, verb: ServerVerb): Promise<void> {
  const { cloud, db, error, requestId } = context
  const server = await getServer(db, serverId)
  if (!server) return
  const payload = {
    instance_id: server.id,
    display_name: server.name,
    tenant_id: server.project_id,
    user_id: server.user_id,
    state: server.vm_state,
    host: server.host,
    instance_flavor_id: server.flavor.id,
    vcpus: server.flavor.vcpus,
    memory_mb: server.flavor.ram,
    disk_gb: server.flavor.disk,
  }
  const about = {
    project_id: server.project_id,
    user_id: (await findAction(db, serverId, requestId))?.user_id ?? null,
    resource: { kind: 'server', id: server.id },
  }
  const { end, error: failure } = serverEvents[verb]
  if (error === null) await cloud.events.tell(context, end, { ...about, payload })
  else await cloud.events.tell(context, failure, { ...about, payload: { ...payload, message: error } })
}
