// Tickets for two parties, and the keys of groups for their members (reference 7.2.3, 7.2.4). The signature is who asks.
import { Type } from 'typebox'
import { forbidden } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import type { PartyKeyRow } from '../../../auth/delegation-tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Tx } from '../../../db/database.ts'
import { encryptBlob } from '../credentials/blob.ts'
import { encrypt, expand, keyLength, sign } from './crypto.ts'
import { keyOf, noParty, Signed, verifyRequest } from './request.ts'
import { findPartyGroup, insertKey, newestKey } from './store.ts'

const ticketMs = 900_000
const ids = (name: string) => [`identity-v3-ext.key-distribution-server-extension.${name}`]
const unsigned = { majors: ['v1'], auth: 'none', policy: null, transaction: 'none', status: 201 } as const
/** With microseconds and without a zone, as the chapter has it. */
const stamp = (ms: number) => new Date(ms).toISOString().replace('Z', '000')
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')

/** The key of a group that outlives a ticket made now; a new one when there is none. */
async function groupKey(cloud: Cloud, { db }: Tx, name: string, now: number): Promise<PartyKeyRow> {
  const newest = await newestKey(db, name, true)
  if (newest?.expires_at && Date.parse(newest.expires_at) >= now + ticketMs) return newest
  const row: PartyKeyRow = {
    name,
    generation: (newest?.generation ?? 0) + 1,
    encrypted_key: encryptBlob(cloud, cloud.environment.random.bytes(keyLength).toString('base64')),
    is_group: true,
    expires_at: new Date(now + 2 * ticketMs).toISOString(),
    created_at: new Date(now).toISOString(),
  }
  await insertKey(db, row)
  return row
}

export const tickets = [
  operation({
    ...unsigned,
    id: 'kds.tickets.create',
    method: 'POST',
    path: '/tickets',
    summary: 'Generate ticket',
    catalog: ids('generate-ticket'),
    body: Signed,
    answer: Type.Object({ metadata: Type.String(), ticket: Type.String(), signature: Type.String() }),
    async handle(context) {
      const { cloud, db, body } = context
      const { random, clock } = cloud.environment
      const asked = await verifyRequest(context, body)
      const now = clock.now()
      const party = (await findPartyGroup(db, asked.destination))
        ? await context.write((tx) => groupKey(cloud, tx, asked.destination, now))
        : await newestKey(db, asked.destination, false)
      if (!party) throw noParty(asked.destination)
      const key = random.bytes(keyLength)
      const timestamp = stamp(now)
      const { signing, encryption } = expand(key, [asked.source, asked.destination, timestamp].join(','))
      const esek = encrypt(keyOf(cloud, party), JSON.stringify({ key: key.toString('base64'), timestamp }), random.bytes(16))
      const secrets = JSON.stringify({ skey: signing.toString('base64'), ekey: encryption.toString('base64'), esek })
      const ticket = encrypt(asked.sourceKey, secrets, random.bytes(16))
      const metadata = base64({
        source: `${asked.source}:${asked.sourceGeneration}`,
        destination: `${asked.destination}:${party.generation}`,
        expiration: stamp(now + ticketMs),
      })
      return { metadata, ticket, signature: sign(asked.sourceKey, metadata + ticket) }
    },
  }),
  operation({
    ...unsigned,
    id: 'kds.groups.key',
    method: 'GET',
    path: '/groups',
    summary: 'Get group key',
    catalog: ids('get-group-key'),
    query: Signed,
    answer: Type.Object({ name: Type.String(), metadata: Type.String(), group_key: Type.String(), signature: Type.String() }),
    async handle(context) {
      const { cloud, db, query } = context
      const { source, destination, sourceKey, sourceGeneration } = await verifyRequest(context, query)
      if (!source.startsWith(`${destination}.`)) throw forbidden('Only members of a group get its key.')
      const row = await newestKey(db, destination, true)
      const now = cloud.environment.clock.now()
      if (!row?.expires_at || Date.parse(row.expires_at) <= now) throw noParty(destination)
      const metadata = base64({
        source: `${source}:${sourceGeneration}`,
        destination: `${destination}:${row.generation}`,
        expiration: stamp(Date.parse(row.expires_at)),
      })
      const group_key = encrypt(sourceKey, keyOf(cloud, row).toString('base64'), cloud.environment.random.bytes(16))
      return { name: destination, metadata, group_key, signature: sign(sourceKey, metadata + group_key) }
    },
  }),
]
