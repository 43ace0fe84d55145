// A guest may end by itself: shut down from inside, or killed. The server is then stopped, as its owner will find it.
import type { Cloud } from '../../../cloud.ts'
import type { GuestStatus, Report } from '../../../host/documents.ts'
import { revokeConsoles } from '../console/tokens.ts'
import { serverMachine } from './machine.ts'
import { keepPassword } from './password.ts'
import { getServer } from './store.ts'

const powerOf = (report: Report) => (report.status as Partial<GuestStatus> | undefined)?.power

export function watchGuests(cloud: Cloud): void {
  cloud.hosts.onReport('guest', async (tx, host, report) => {
    const { password } = (report.status ?? {}) as Partial<GuestStatus>
    if (password !== undefined) await keepPassword(tx.db, report.id, password)
    const power = powerOf(report)
    if (power !== 'off' && power !== 'crashed') return
    const server = await getServer(tx.db, report.id)
    // While something is being done with it, that decides.
    if (!server || server.host !== host || !serverMachine.can(server, 'shutDown')) return
    const spec = await cloud.hosts.get(tx.db, host, 'guest', server.id)
    if (!spec) return
    await cloud.hosts.put(tx, host, 'guest', server.id, { ...spec, power: 'off' })
    await revokeConsoles(tx, server.id)
    const now = new Date(cloud.environment.clock.now()).toISOString()
    await serverMachine.move(tx, server.id, power === 'crashed' ? 'crashed' : 'shutDown', { updated_at: now })
    cloud.log.info({ server: server.id, host, power }, 'guest ended by itself')
  })
}
