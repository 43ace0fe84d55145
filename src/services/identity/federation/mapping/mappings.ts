// OS-FEDERATION: mappings, the rules by which somebody of elsewhere becomes a user here.
import { type Static, Type } from 'typebox'
import { operation, resource } from '../../../../api/operation.ts'
import { Closed } from '../../../../api/types.ts'
import type { MappingRow } from '../../../../auth/federation-tables.ts'
import { ensureSameId, Id, missing, SelfLink } from '../../attributes.ts'
import { collection, listed } from '../../collection.ts'
import { ensureId } from '../providers.ts'
import { mappingRules } from '../rules.ts'
import { deleteMapping, findMapping, insertMapping, mappingQuery, updateMapping } from '../store.ts'
import { ensureRules, type Rule, Rules } from './schema.ts'

const attributes = {
  id: Type.Optional(Id),
  schema_version: Type.Optional(Type.Union([Type.Literal('1.0'), Type.Literal('2.0')])),
}
const Create = Closed({ mapping: Closed({ ...attributes, rules: Rules }) })
const Update = Closed({ mapping: Closed({ ...attributes, rules: Type.Optional(Rules) }) })

const mapping = resource<'mapping', MappingRow>({
  name: 'mapping',
  param: 'mapping_id',
  load: (id, { db }) => findMapping(db, id),
  target: () => ({}),
  missing: missing('mapping'),
  hidden: true,
})

const Mapping = Type.Object({
  id: Type.String(),
  rules: Rules,
  schema_version: Type.String(),
  links: SelfLink,
})
const mappingList = collection({
  many: 'mappings',
  path: '/OS-FEDERATION/mappings',
  filters: { id: 'id' },
  sortKeys: [],
  defaultSort: ['id'],
})

const view = (row: MappingRow, { href }: { href(path: string): string }): Static<typeof Mapping> => ({
  id: row.id,
  rules: row.mapping_rules as Rule[],
  schema_version: row.schema_version,
  links: { self: href(`/OS-FEDERATION/mappings/${row.id}`) },
})

const common = { majors: ['v3'], catalog: [] as string[] } as const
const one = '/OS-FEDERATION/mappings/{mapping_id}' as const

export const mappings = [
  operation({
    ...common,
    id: 'mappings.list',
    method: 'GET',
    path: '/OS-FEDERATION/mappings',
    summary: 'List mappings',
    policy: mappingRules.list,
    query: mappingList.query,
    answer: mappingList.answer(Mapping),
    handle: async (context) =>
      listed<MappingRow>(context, mappingList, mappingQuery(context.db), (rows) => rows.map((row) => view(row, context))),
  }),
  operation({
    ...common,
    id: 'mappings.show',
    method: 'GET',
    path: one,
    summary: 'Show a mapping',
    on: mapping,
    policy: mappingRules.get,
    answer: Type.Object({ mapping: Mapping }),
    handle: async (context) => ({ mapping: view(context.mapping, context) }),
  }),
  operation({
    ...common,
    id: 'mappings.create',
    method: 'PUT',
    path: one,
    summary: 'Create a mapping',
    body: Create,
    status: 201,
    policy: mappingRules.create,
    answer: Type.Object({ mapping: Mapping }),
    async handle(context) {
      const { tx, params, body, now } = context
      ensureId(params.mapping_id)
      ensureSameId(params.mapping_id, body.mapping)
      ensureRules(body.mapping.rules)
      const row: MappingRow = {
        id: params.mapping_id,
        mapping_rules: body.mapping.rules,
        schema_version: body.mapping.schema_version ?? '1.0',
        created_at: now,
      }
      await insertMapping(tx.db, row)
      return { mapping: view(row, context) }
    },
  }),
  operation({
    ...common,
    id: 'mappings.update',
    method: 'PATCH',
    path: one,
    summary: 'Update a mapping',
    body: Update,
    on: mapping,
    policy: mappingRules.update,
    answer: Type.Object({ mapping: Mapping }),
    async handle(context) {
      const { tx, mapping, body } = context
      const { rules, schema_version } = body.mapping
      ensureSameId(mapping.id, body.mapping)
      if (rules) ensureRules(rules)
      const row = await updateMapping(tx.db, mapping.id, {
        mapping_rules: rules ?? mapping.mapping_rules,
        schema_version: schema_version ?? mapping.schema_version,
      })
      return { mapping: view(row, context) }
    },
  }),
  operation({
    ...common,
    id: 'mappings.delete',
    method: 'DELETE',
    path: one,
    summary: 'Delete a mapping',
    status: 204,
    on: mapping,
    policy: mappingRules.delete,
    async handle({ tx, mapping }) {
      await deleteMapping(tx.db, mapping.id)
    },
  }),
]
