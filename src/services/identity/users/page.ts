// A page of users, with what is shown of them besides their rows.
import type { BaseContext } from '../../../api/operation.ts'
import type { User } from '../../../auth/tables.ts'
import { collection } from '../collection.ts'
import { federatedOf } from './federated.ts'
import { userList } from './resource.ts'
import type { userQuery } from './store.ts'
import { userView } from './view.ts'

export function userPage(context: BaseContext, query: ReturnType<typeof userQuery>, path: string) {
  return collection<User>(context, query, {
    ...userList,
    path,
    async views(rows) {
      const identities = await federatedOf(
        context.db,
        rows.map((row) => row.id),
      )
      return rows.map((row) => userView(row, context, identities.get(row.id)))
    },
  })
}
