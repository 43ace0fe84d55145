// A page of users, with what is shown of them besides their rows.
import { badRequest } from '../../../api/faults.ts'
import type { Listing } from '../../../api/listing.ts'
import type { BaseContext } from '../../../api/operation.ts'
import type { User } from '../../../auth/tables.ts'
import { listed } from '../collection.ts'
import { federatedOf } from './federated.ts'
import type { userQuery } from './store.ts'
import { userView } from './view.ts'

const operators = { lt: '<', lte: '<=', gt: '>', gte: '>=', eq: '=', neq: '<>' } as const

/** `password_expires_at=lt:2026-12-31T00:00:00Z`, as upstream; without an operator it is equality. Throws 400. */
export function whosePasswordEnds(query: ReturnType<typeof userQuery>, search: URLSearchParams) {
  let wanted = query
  for (const text of search.getAll('password_expires_at')) {
    const [, name, time = ''] = /^(?:([a-z]+):)?(.*)$/s.exec(text) ?? []
    const operator = name === undefined ? '=' : Object.hasOwn(operators, name) ? operators[name as keyof typeof operators] : undefined
    const ms = /^\d{4}-\d\d-\d\dT[\d:.]+Z?$/.test(time) ? Date.parse(time.endsWith('Z') ? time : `${time}Z`) : Number.NaN
    if (!operator || Number.isNaN(ms))
      throw badRequest('Invalid input for query parameter password_expires_at: it is an operator and a time.')
    wanted = wanted.where('password_expires_at', operator, new Date(ms).toISOString())
  }
  return wanted
}

export function userPage(context: BaseContext, list: Listing, query: ReturnType<typeof userQuery>) {
  return listed<User>(context, list, query, async (rows) => {
    const identities = await federatedOf(
      context.db,
      rows.map((row) => row.id),
    )
    return rows.map((row) => userView(row, context, identities.get(row.id)))
  })
}
