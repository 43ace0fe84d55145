// What happens to users, projects, roles and who has them, as others may read it. Of the thing they carry its id, as upstream's do.
import { Type } from 'typebox'
import type { Cloud } from '../../cloud.ts'
import type { Tx } from '../../db/database.ts'
import { eventType } from '../../events/event.ts'
import type { Grant } from './assignments/store.ts'

const info = Type.Object({ resource_info: Type.String() })
const grant = Type.Object({
  role: Type.String(),
  actor_type: Type.String(),
  actor: Type.String(),
  target_type: Type.String(),
  target: Type.String(),
  inherited_to_projects: Type.Boolean(),
})

const of = <Kind extends string>(kind: Kind) => ({
  created: eventType(`identity.${kind}.created`, info),
  updated: eventType(`identity.${kind}.updated`, info),
  deleted: eventType(`identity.${kind}.deleted`, info),
})

export const identityEvents = { user: of('user'), project: of('project'), domain: of('domain'), role: of('role') }
export const grantEvents = {
  created: eventType('identity.role_assignment.created', grant),
  deleted: eventType('identity.role_assignment.deleted', grant),
}
type What = 'created' | 'updated' | 'deleted'

export const tellIdentity = (cloud: Cloud, tx: Tx, kind: keyof typeof identityEvents, what: What, id: string): Promise<void> =>
  cloud.events.tell(tx, identityEvents[kind][what], { project_id: null, resource: { kind, id }, payload: { resource_info: id } })

/** A project, or a domain, which is one too. */
export const tellProject = (cloud: Cloud, tx: Tx, what: What, { id, is_domain }: { id: string; is_domain: boolean }): Promise<void> =>
  tellIdentity(cloud, tx, is_domain ? 'domain' : 'project', what, id)

export const tellGrant = (cloud: Cloud, tx: Tx, what: keyof typeof grantEvents, given: Grant): Promise<void> =>
  cloud.events.tell(tx, grantEvents[what], {
    project_id: given.target_type === 'project' ? given.target_id : null,
    resource: { kind: 'role', id: given.role_id },
    payload: {
      role: given.role_id,
      actor_type: given.actor_type,
      actor: given.actor_id,
      target_type: given.target_type,
      target: given.target_id,
      inherited_to_projects: given.inherited,
    },
  })
