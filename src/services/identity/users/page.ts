// A page of users, with what is shown of them besides their rows.
import type { Listing } from '../../../api/listing.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { User } from '../../../auth/tables.ts'
import { listed } from '../collection.ts'
import { federatedOf } from './federated.ts'
import type { userQuery } from './store.ts'
import { userView } from './view.ts'

export function userPage(context: BaseContext, list: Listing, query: ReturnType<typeof userQuery>) {
  return listed<User>(context, list, query, async (rows) => {
    const identities = await federatedOf(
      context.db,
      rows.map((row) => row.id),
    )
    return rows.map((row) => userView(row, context, identities.get(row.id)))
  })
}
