// A locked server is not acted on, but by administrators and by who unlocks it first (reference 3.5.4, 3.5.12).
import { action } from '../../../api/action.ts'
import { forbidden } from '../../../api/faults.ts'
import { type Rule, rule } from '../../../auth/policy.ts'
import { admin, memberOrAdmin } from '../rules.ts'
import { servers } from './resource.ts'
import { updateServer } from './store.ts'

const overrides = 'os_compute_api:os-lock-server:unlock:unlock_override'
export const lockRules: Rule[] = [rule(overrides, admin, 'Unlock a server that an administrator has locked.')]

export const lockServer = action(servers, 'lock', {
  id: 'servers.lock',
  summary: 'Lock a server',
  catalog: ['compute-v2.1.servers-admin-actions.lock-server'],
  policy: rule('os_compute_api:os-lock-server:lock', memberOrAdmin, 'Lock a server.'),
  history: 'lock',
  async handle({ server, tx, who }) {
    // Whoever owns it may unlock it again, where no administrator has locked it meanwhile.
    const isOwner = server.project_id === who.project?.id
    if (server.locked_by === null || !isOwner) await updateServer(tx.db, server.id, { locked_by: isOwner ? 'owner' : 'admin' })
  },
})

export const unlockServer = action(servers, 'unlock', {
  id: 'servers.unlock',
  summary: 'Unlock a server',
  catalog: ['compute-v2.1.servers-admin-actions.unlock-server'],
  policy: rule('os_compute_api:os-lock-server:unlock', memberOrAdmin, 'Unlock a server.'),
  history: 'unlock',
  async handle({ server, tx, allows }) {
    if (server.locked_by === 'admin' && !allows(overrides)) throw forbidden(`Policy doesn't allow ${overrides} to be performed.`)
    await updateServer(tx.db, server.id, { locked_by: null })
  },
})
