// What was done with a server (reference 3.9).
import { Type } from 'typebox'
import { notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { admin, readerOrAdmin } from '../rules.ts'
import { servers } from './resource.ts'
import { ServerAction, ServerActionEvent } from './shown.ts'
import { actionsOf, findAction } from './store.ts'
import type { ActionEvent, ActionRow } from './tables.ts'

const micros = (time: string | null) => (time === null ? null : `${time.slice(0, 23)}000`)

const brief = (row: Omit<ActionRow, 'seq'>) => ({
  action: row.action,
  instance_uuid: row.server_id,
  request_id: row.request_id,
  user_id: row.user_id,
  project_id: row.project_id,
  start_time: micros(row.start_time),
  message: row.message,
})

const event = (withTrace: boolean) => (e: ActionEvent) => ({
  event: e.event,
  start_time: micros(e.start_time),
  finish_time: micros(e.finish_time),
  result: e.result,
  ...(withTrace ? { traceback: e.traceback } : {}),
})

export const actionRules = [rule('os_compute_api:os-instance-actions:events', admin, 'See what went wrong in the events of an action.')]

export const actionOperations = [
  operation({
    id: 'server-actions.list',
    method: 'GET',
    path: '/servers/{server_id}/os-instance-actions',
    summary: 'List what was done with a server',
    catalog: ['compute-v2.1.servers-action.list-actions-for-server'],
    policy: rule('os_compute_api:os-instance-actions:list', readerOrAdmin, 'List actions of a server.'),
    on: servers,
    answer: Type.Object({ instanceActions: Type.Array(ServerAction) }),
    handle: async ({ server, db }) => ({ instanceActions: (await actionsOf(db, server.id)).map(brief) }),
  }),
  operation({
    id: 'server-actions.show',
    method: 'GET',
    path: '/servers/{server_id}/os-instance-actions/{request_id}',
    summary: 'Show one thing that was done with a server',
    catalog: ['compute-v2.1.servers-action.show-server-action-details'],
    policy: rule('os_compute_api:os-instance-actions:show', readerOrAdmin, 'Show an action of a server.'),
    on: servers,
    // Others than administrators see events from 2.51 on.
    answer: Type.Object({
      instanceAction: Type.Object({ ...ServerAction.properties, events: Type.Optional(Type.Array(ServerActionEvent)) }),
    }),
    async handle({ server, db, params, allows }) {
      const row = await findAction(db, server.id, params.request_id)
      if (!row) throw notFound(`Action for request_id ${params.request_id.slice(0, 60)} on instance ${server.id} not found`)
      const isAdmin = allows('os_compute_api:os-instance-actions:events')
      return { instanceAction: { ...brief(row), ...(isAdmin ? { events: row.events.map(event(true)) } : {}) } }
    },
  }),
]
