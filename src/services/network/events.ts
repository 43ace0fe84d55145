// What happens to the things of networking, as others may read it.
import { type TSchema, Type } from 'typebox'
import type { Cloud } from '../../cloud.ts'
import type { Tx } from '../../db/database.ts'
import { type EventType, eventType } from '../../events/event.ts'

const common = { id: Type.String(), name: Type.String() }
const of = <Kind extends string, S extends TSchema>(kind: Kind, payload: S) => ({
  created: eventType(`${kind}.create.end`, payload),
  deleted: eventType(`${kind}.delete.end`, payload),
})

/** By the word of upstream's notifications. */
export const networkEvents = {
  network: of('network', Type.Object(common)),
  subnet: of('subnet', Type.Object({ ...common, network_id: Type.String(), cidr: Type.String() })),
  port: of('port', Type.Object({ ...common, network_id: Type.String(), device_id: Type.String(), device_owner: Type.String() })),
  router: of('router', Type.Object(common)),
  floatingip: of(
    'floatingip',
    Type.Object({
      id: Type.String(),
      floating_network_id: Type.String(),
      floating_ip_address: Type.String(),
      port_id: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
}

/** Tells that something was made or removed. Of its row goes into the event what the event carries. */
export async function tellNetwork<Payload extends { id: string }>(
  cloud: Cloud,
  tx: Tx,
  event: EventType<string, Payload>,
  row: NoInfer<Payload> & { project_id: string },
): Promise<void> {
  const { properties } = event.schema as TSchema & { properties: object }
  const payload = Object.fromEntries(Object.entries(row).filter(([name]) => Object.hasOwn(properties, name))) as Payload
  const resource = { kind: event.type.split('.')[0]!, id: row.id }
  await cloud.events.tell(tx, event, { project_id: row.project_id, resource, payload })
}
