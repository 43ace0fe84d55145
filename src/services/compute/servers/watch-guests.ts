// A guest may end by itself: shut down from inside, or killed. The server is then stopped, as its owner will find it.
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import type { GuestStatus } from '../../../host/guests/document.ts'
import { serverMachine } from './machine.ts'
import { revokeConsoles } from './open-consoles.ts'
import { keepPassword } from './password.ts'
import { getServer } from './store.ts'

/** Follows a guest that is down although nobody asked for it. While something is being done with the server, that decides. */
export async function followGuest(cloud: Cloud, tx: Tx, host: string, id: string, power: GuestStatus['power'] | undefined): Promise<void> {
  if (power !== 'off' && power !== 'crashed') return
  const server = await getServer(tx.db, id)
  if (!server || server.host !== host || !serverMachine.can(server, 'shutDown')) return
  const spec = await cloud.hosts.get(tx.db, host, 'guest', server.id)
  if (!spec) return
  await cloud.hosts.put(tx, host, 'guest', server.id, { ...spec, power: 'off' })
  await revokeConsoles(tx, server.id)
  const now = new Date(cloud.environment.clock.now()).toISOString()
  await serverMachine.move(tx, server.id, power === 'crashed' ? 'crashed' : 'shutDown', { updated_at: now })
  cloud.log.info({ server: server.id, host, power }, 'guest ended by itself')
}

export function watchGuests(cloud: Cloud): void {
  cloud.hosts.onReport('guest', async (tx, host, report) => {
    const { password, power }: Partial<GuestStatus> = report.status ?? {}
    if (password !== undefined) await keepPassword(tx.db, report.id, password)
    await followGuest(cloud, tx, host, report.id, power)
  })
}
