// Long-term keys of parties and names of groups (reference 7.2.1, 7.2.2, 7.2.5, 7.2.6).
import { Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { encryptBlob } from '../credentials/blob.ts'
import { adminRequired, cloudRule } from '../rules.ts'
import { keyLength } from './crypto.ts'
import { noParty, partyName } from './request.ts'
import { deleteKeys, deletePartyGroup, findPartyGroup, insertKey, insertPartyGroup, newestKey } from './store.ts'

const ids = (name: string) => [`identity-v3-ext.key-distribution-server-extension.${name}`]
const ensureName = (name: string): void => {
  if (!new RegExp(partyName).test(name)) throw badRequest('The name of a party or group has letters, digits, dots, dashes and underscores.')
}
const key = { majors: ['v1'], path: '/keys/{name}' } as const
const group = { majors: ['v1'], path: '/groups/{name}' } as const

export const partyKeys = [
  operation({
    ...key,
    id: 'kds.keys.create',
    method: 'POST',
    summary: 'Create key',
    catalog: ids('create-key'),
    body: Type.Object({ key: Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Za-z0-9+/]+={0,2}$' }) }),
    status: 201,
    policy: cloudRule('identity:kds_create_key', adminRequired, 'Give a party its long-term key.'),
    answer: Type.Object({ name: Type.String(), generation: Type.Integer() }),
    async handle({ cloud, tx, body, params, now }) {
      ensureName(params.name)
      if (Buffer.from(body.key, 'base64').length !== keyLength) throw badRequest(`A key is base64 of ${keyLength} bytes.`)
      if (await findPartyGroup(tx.db, params.name)) throw badRequest('There is a group of that name.')
      const generation = ((await newestKey(tx.db, params.name, false))?.generation ?? 0) + 1
      const encrypted_key = encryptBlob(cloud, body.key)
      await insertKey(tx.db, { name: params.name, generation, encrypted_key, is_group: false, expires_at: null, created_at: now })
      return { name: params.name, generation }
    },
  }),
  operation({
    ...key,
    id: 'kds.keys.delete',
    method: 'DELETE',
    summary: 'Delete key',
    catalog: ids('delete-key'),
    status: 204,
    policy: cloudRule('identity:kds_delete_key', adminRequired, 'Take the long-term key of a party away.'),
    async handle({ tx, params }) {
      if (!(await deleteKeys(tx.db, params.name, false))) throw noParty(params.name)
    },
  }),
  operation({
    ...group,
    id: 'kds.groups.create',
    method: 'POST',
    summary: 'Create group',
    catalog: ids('create-group'),
    status: 201,
    policy: cloudRule('identity:kds_create_group', adminRequired, 'Make a group of parties.'),
    answer: Type.Object({ name: Type.String() }),
    async handle({ tx, params, now }) {
      ensureName(params.name)
      if (await newestKey(tx.db, params.name, false)) throw badRequest('There is a party of that name.')
      await insertPartyGroup(tx.db, params.name, now)
      return { name: params.name }
    },
  }),
  operation({
    ...group,
    id: 'kds.groups.delete',
    method: 'DELETE',
    summary: 'Delete group',
    catalog: ids('delete-group'),
    status: 204,
    policy: cloudRule('identity:kds_delete_group', adminRequired, 'Take a group of parties away.'),
    async handle({ tx, params }) {
      await deleteKeys(tx.db, params.name, true)
      if (!(await deletePartyGroup(tx.db, params.name))) throw notFound(`Could not find group: ${params.name.slice(0, 255)}.`)
    },
  }),
]
