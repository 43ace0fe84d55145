// The roles that are asked to be handed over.
import { Type } from 'typebox'
import { forbidden, notFound } from '../../../api/faults.ts'
import { effectiveRoles, type RoleRef } from '../../../auth/store.ts'
import type { Db } from '../../../db/database.ts'
import { Id, missing } from '../attributes.ts'
import { findRole, findRoleByName } from '../roles/store.ts'

export const RoleList = Type.Array(
  Type.Object({ id: Type.Optional(Id), name: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })) }, { minProperties: 1 }),
  { maxItems: 200 },
)

/** Their ids. Throws 404 for a role that is not there, 403 for one that the delegator has not in the project. */
export async function handedRoles(
  db: Db,
  asked: { id?: string; name?: string }[],
  delegatorId: string,
  projectId: string,
): Promise<string[]> {
  const own = await effectiveRoles(db, delegatorId, { type: 'project', id: projectId })
  const ids = new Set<string>()
  for (const { id, name } of asked) {
    const role = id !== undefined ? await findRole(db, id) : await findRoleByName(db, name!)
    if (!role) throw notFound(missing('role')(id ?? name!))
    ensureAmong(own, role.id)
    ids.add(role.id)
  }
  return [...ids]
}

/** Throws 403. */
export function ensureAmong(own: Pick<RoleRef, 'id'>[], id: string): void {
  if (!own.some((role) => role.id === id))
    throw forbidden(`The role ${id} cannot be delegated: it is not one of the delegator in the project.`)
}
