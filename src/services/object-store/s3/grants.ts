// Access lists as S3 has them: who is granted what on a bucket or an object. Beside these the container's own lists open what they open.
import { findProject, findUser } from '../../../auth/store.ts'
import type { Named, Who } from '../../../auth/who.ts'
import type { Db } from '../../../db/database.ts'
import { fault } from './faults.ts'

/** What a request may need; FULL_CONTROL grants all of them. */
export const permissions = ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'] as const
export type Permission = (typeof permissions)[number]
const grantable: readonly string[] = [...permissions, 'FULL_CONTROL']

export const groups = {
  AllUsers: 'http://acs.amazonaws.com/groups/global/AllUsers',
  AuthenticatedUsers: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
} as const
export type Group = keyof typeof groups
const logDelivery = 'http://acs.amazonaws.com/groups/s3/LogDelivery'

export interface Grant {
  permission: Permission | 'FULL_CONTROL'
  /** A group, or a user or project. */
  to: Group | Named
}

export interface AccessList {
  owner: Named
  grants: Grant[]
}

/** As many as Amazon lets a list have. */
const mostGrants = 100

/** Throws MalformedACLError for more grants than a list may have. */
export function counted(grants: Grant[]): Grant[] {
  if (grants.length > mostGrants) throw fault('MalformedACLError', `An access list has at most ${mostGrants} grants.`)
  return grants
}

export const full = (to: Named): Grant => ({ permission: 'FULL_CONTROL', to })

/** Throws InvalidArgument and MalformedACLError for what nobody can be granted. */
export function permissionOf(text: string | undefined): Grant['permission'] {
  if (text === undefined || !grantable.includes(text)) throw fault('MalformedACLError')
  return text as Grant['permission']
}

/** Throws InvalidArgument for what is no group, NotImplemented for that of logs, which are not delivered. */
export function groupOf(uri: string): Group {
  if (uri === logDelivery) throw fault('NotImplemented', 'Logs are not delivered.')
  const found = Object.entries(groups).find(([, known]) => known === uri)
  if (!found) throw fault('InvalidArgument', 'Invalid group uri')
  return found[0] as Group
}

/** The user or project of that id. Throws InvalidArgument for none. */
export async function named(db: Db, id: string): Promise<Named> {
  const found = /^[\w.-]{1,64}$/.test(id) ? ((await findUser(db, id)) ?? (await findProject(db, id))) : undefined
  if (!found) throw fault('InvalidArgument', 'Invalid id')
  return { id: found.id, name: found.name }
}

/** The grants of a canned name. Throws InvalidArgument for what is no such name, NotImplemented for names that mean services which are not here. */
export function canned(name: string, bucketOwner: Named, owner: Named): Grant[] {
  const all = (permission: Permission, to: Grant['to'] = 'AllUsers'): Grant => ({ permission, to })
  switch (name) {
    case 'private':
      return [full(owner)]
    case 'public-read':
      return [all('READ'), full(owner)]
    case 'public-read-write':
      return [all('READ'), all('WRITE'), full(owner)]
    case 'authenticated-read':
      return [all('READ', 'AuthenticatedUsers'), full(owner)]
    case 'bucket-owner-read':
      return owner.id === bucketOwner.id ? [full(owner)] : [full(owner), all('READ', bucketOwner)]
    case 'bucket-owner-full-control':
      return owner.id === bucketOwner.id ? [full(owner)] : [full(owner), full(bucketOwner)]
    case 'aws-exec-read':
    case 'log-delivery-write':
      throw fault('NotImplemented', `The access list ${name} is not built.`)
  }
  throw fault('InvalidArgument', 'There is no such canned access list.')
}

function includes(to: Grant['to'], who: Who | null): boolean {
  if (to === 'AllUsers') return true
  if (to === 'AuthenticatedUsers') return who !== null
  return who !== null && (to.id === who.user.id || to.id === who.project?.id)
}

/** Whether the grants give that to somebody; null: nobody signed the request. */
export const isGranted = (grants: Grant[], who: Who | null, permission: Permission): boolean =>
  grants.some((grant) => (grant.permission === permission || grant.permission === 'FULL_CONTROL') && includes(grant.to, who))

/** Grants of groups come first, as Amazon shows them. */
export const inOrder = (grants: Grant[]): Grant[] =>
  grants.toSorted((a, b) => Number(typeof b.to === 'string') - Number(typeof a.to === 'string'))
