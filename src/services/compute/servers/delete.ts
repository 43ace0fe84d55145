import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { task } from '../../../tasks/task.ts'
import { memberOrAdmin } from '../rules.ts'
import { leaveHost, locksOf, recordEnd, removeGuest, removePorts, ServerInput, serverOf } from './create-task.ts'
import { serverMachine } from './machine.ts'
import { revokeConsoles } from './open-consoles.ts'
import { noteAction, servers } from './resource.ts'

/** Reference 3.2.6. In every state, also while the server is being made: that is then undone first. */
export const deleteServer = operation({
  id: 'servers.delete',
  method: 'DELETE',
  path: '/servers/{server_id}',
  summary: 'Delete a server',
  catalog: ['compute-v2.1.servers.delete-server'],
  status: 204,
  policy: rule('os_compute_api:servers:delete', memberOrAdmin, 'Delete a server.'),
  on: servers,
  locked: 'refused',
  async handle(context) {
    const { server, tx, now, start } = context
    // Asked for twice is no fault.
    if (!(await serverMachine.move(tx, server.id, 'delete', { updated_at: now }))) return
    await noteAction(context, server, 'delete')
    await revokeConsoles(tx, server.id)
    await start(deleteServerTask, { serverId: server.id })
  },
})

export const deleteServerTask = task('compute.server.delete', { input: ServerInput, locks: locksOf, interrupts: true })
  .step('guest', { run: removeGuest, timeout: 120, late: 'go-on' })
  .step('ports', { run: removePorts, timeout: 60, late: 'go-on' })
  .ends({
    async done(input, context) {
      const { cloud, environment } = context
      const server = await serverOf(input, context)
      if (server.deleted_at !== null) return
      const { flavor } = server
      await leaveHost(input, context)
      const now = new Date(environment.clock.now()).toISOString()
      await cloud.quota.count(context, server.project_id, {
        'compute.instances': -1,
        'compute.cores': -flavor.vcpus,
        'compute.ram': -flavor.ram,
      })
      await serverMachine.move(context, server.id, 'deleted', {
        // What could be a secret is not kept with the tombstone.
        user_data: null,
        personality: [],
        admin_pass: null,
        terminated_at: now,
        updated_at: now,
        deleted_at: now,
      })
      await recordEnd(input, context, 'compute_terminate_instance', 'delete')
    },
    async failed(input, context) {
      const { environment, error } = context
      const now = new Date(environment.clock.now()).toISOString()
      await serverMachine.move(context, input.serverId, 'deleteFailed', {
        updated_at: now,
        fault: { code: 500, created: now, message: error ?? 'The server could not be deleted.' },
      })
      await recordEnd(input, context, 'compute_terminate_instance', 'delete')
    },
  })
