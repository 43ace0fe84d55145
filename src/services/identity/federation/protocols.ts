// OS-FEDERATION: the protocols of an identity provider, each with the mapping for what it says.
import { type Static, Type } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import { type BaseContext, operation } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import type { ProtocolRow } from '../../../auth/federation-tables.ts'
import type { Db } from '../../../db/database.ts'
import { ensureSameId, Id, missing } from '../attributes.ts'
import { WholeCollection, wholeCollection } from '../collection.ts'
import { ensureId, provider } from './providers.ts'
import { protocolRules } from './rules.ts'
import { deleteProtocol, findMapping, findProtocol, insertProtocol, protocolQuery, updateProtocol } from './store.ts'

const attributes = { id: Type.Optional(Id), remote_id_attribute: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()])) }
const Create = Closed({ protocol: Closed({ ...attributes, mapping_id: Id }) })
const Update = Closed({ protocol: Closed({ ...attributes, mapping_id: Type.Optional(Id) }) })

const Protocol = Type.Object({
  id: Type.String(),
  mapping_id: Type.String(),
  /** Where it was given. */
  remote_id_attribute: Type.Optional(Type.String()),
  links: Type.Object({ self: Type.String(), identity_provider: Type.String() }),
})

const view = (row: ProtocolRow, { href }: { href(path: string): string }): Static<typeof Protocol> => {
  const parent = `/OS-FEDERATION/identity_providers/${row.provider_id}`
  return {
    id: row.id,
    mapping_id: row.mapping_id,
    ...(row.remote_id_attribute === null ? {} : { remote_id_attribute: row.remote_id_attribute }),
    links: { self: href(`${parent}/protocols/${row.id}`), identity_provider: href(parent) },
  }
}

async function found({ db, params }: BaseContext & { params: { idp_id: string; protocol_id: string } }): Promise<ProtocolRow> {
  const row = await findProtocol(db, params.idp_id, params.protocol_id)
  if (!row) throw notFound(`Could not find federated protocol ${params.protocol_id} for Identity Provider: ${params.idp_id}.`)
  return row
}

/** Throws 400. */
async function ensureMapping(db: Db, id: string): Promise<void> {
  if (!(await findMapping(db, id))) throw badRequest(missing('mapping')(id))
}

const one = '/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}' as const
const common = { majors: ['v3'], catalog: [] as string[], on: provider } as const

export const protocols = [
  operation({
    ...common,
    id: 'protocols.list',
    method: 'GET',
    path: '/OS-FEDERATION/identity_providers/{idp_id}/protocols',
    summary: 'List the protocols of an identity provider',
    policy: protocolRules.list,
    answer: WholeCollection('protocols', Protocol),
    async handle(context) {
      const rows = await protocolQuery(context.db, context.provider.id).orderBy('id').execute()
      return wholeCollection(
        context,
        'protocols',
        `/OS-FEDERATION/identity_providers/${context.provider.id}/protocols`,
        rows.map((row) => view(row, context)),
      )
    },
  }),
  operation({
    ...common,
    id: 'protocols.show',
    method: 'GET',
    path: one,
    summary: 'Show a protocol of an identity provider',
    policy: protocolRules.get,
    answer: Type.Object({ protocol: Protocol }),
    handle: async (context) => ({ protocol: view(await found(context), context) }),
  }),
  operation({
    ...common,
    id: 'protocols.create',
    method: 'PUT',
    path: one,
    summary: 'Add a protocol to an identity provider',
    body: Create,
    status: 201,
    policy: protocolRules.create,
    answer: Type.Object({ protocol: Protocol }),
    async handle(context) {
      const { tx, params, body, provider, now } = context
      ensureId(params.protocol_id)
      ensureSameId(params.protocol_id, body.protocol)
      await ensureMapping(tx.db, body.protocol.mapping_id)
      const row: ProtocolRow = {
        provider_id: provider.id,
        id: params.protocol_id,
        mapping_id: body.protocol.mapping_id,
        remote_id_attribute: body.protocol.remote_id_attribute ?? null,
        created_at: now,
      }
      await insertProtocol(tx.db, row)
      return { protocol: view(row, context) }
    },
  }),
  operation({
    ...common,
    id: 'protocols.update',
    method: 'PATCH',
    path: one,
    summary: 'Update a protocol of an identity provider',
    body: Update,
    policy: protocolRules.update,
    answer: Type.Object({ protocol: Protocol }),
    async handle(context) {
      const { tx, body } = context
      const row = await found(context)
      ensureSameId(row.id, body.protocol)
      const { mapping_id, remote_id_attribute } = body.protocol
      if (mapping_id !== undefined) await ensureMapping(tx.db, mapping_id)
      const changed = await updateProtocol(tx.db, row, {
        ...(mapping_id === undefined ? {} : { mapping_id }),
        ...(remote_id_attribute === undefined ? {} : { remote_id_attribute }),
      })
      return { protocol: view(changed, context) }
    },
  }),
  operation({
    ...common,
    id: 'protocols.delete',
    method: 'DELETE',
    path: one,
    summary: 'Take a protocol off an identity provider',
    status: 204,
    policy: protocolRules.delete,
    handle: async (context) => deleteProtocol(context.tx.db, await found(context)),
  }),
]
