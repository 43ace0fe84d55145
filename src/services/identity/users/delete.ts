import { operation } from '../../../api/operation.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import { tellIdentity } from '../events.ts'
import { refuseDirectoryUser } from '../ldap/guard.ts'
import { user, userRules } from './resource.ts'
import { deleteUsers } from './store.ts'

export const remove = operation({
  id: 'users.delete',
  method: 'DELETE',
  path: '/users/{user_id}',
  majors: ['v3'],
  summary: 'Delete a user',
  catalog: ['identity-v3.users.delete-user'],
  status: 204,
  on: user,
  policy: userRules.delete,
  guard: refuseDirectoryUser,
  async handle({ cloud, tx, user, now }) {
    await deleteUsers(tx.db, [user.id])
    await tellIdentity(cloud, tx, 'user', 'deleted', user.id)
    await noteRevocation(tx.db, now, { user_id: user.id })
  },
})
