// What a guest left as its password at the metadata service (reference 3.10): encrypted by the guest for its key pair's owner.
import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import type { Db } from '../../../db/database.ts'
import { memberOrAdmin, readerOrAdmin } from '../rules.ts'
import { servers } from './resource.ts'
import { updateServer } from './store.ts'

const path = '/servers/{server_id}/os-server-password'

/** Keeps what a host reports. The same text again is old news, also when its owner has cleared it. */
export async function keepPassword(db: Db, serverId: string, password: string): Promise<void> {
  await db
    .updateTable('compute_servers')
    .set({ guest_password: password, guest_password_cleared: false })
    .where('id', '=', serverId)
    .where((eb) => eb.or([eb('guest_password', 'is', null), eb('guest_password', '!=', password)]))
    .execute()
}

export const passwordOperations = [
  operation({
    id: 'server-password.show',
    method: 'GET',
    path,
    summary: 'Show the password that the guest has left',
    catalog: ['compute-v2.1.servers-password.get-server-password'],
    policy: rule('os_compute_api:os-server-password:show', readerOrAdmin, 'Show the encrypted administrative password of a server.'),
    on: servers,
    answer: Type.Object({ password: Type.String() }),
    handle: async ({ server }) => ({ password: server.guest_password_cleared ? '' : (server.guest_password ?? '') }),
  }),
  operation({
    id: 'server-password.clear',
    method: 'DELETE',
    path,
    summary: 'Clear the password that the guest has left',
    catalog: [],
    status: 204,
    policy: rule('os_compute_api:os-server-password:clear', memberOrAdmin, 'Clear the encrypted administrative password of a server.'),
    on: servers,
    async handle({ server, tx }) {
      await updateServer(tx.db, server.id, { guest_password_cleared: true })
    },
  }),
]
