// Endpoint groups (OS-EP-FILTER, as today's clients have it): endpoints by what they have in common.
import { type Static, Type } from 'typebox'
import { operation, resource } from '../../../api/operation.ts'
import { Closed, Name } from '../../../api/types.ts'
import type { EndpointGroupRow } from '../../../auth/delegation-tables.ts'
import { missing, SelfLink } from '../attributes.ts'
import { collection, listed } from '../collection.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { deleteEndpointGroup, endpointGroupQuery, findEndpointGroup, insertEndpointGroup, updateEndpointGroup } from './store.ts'

const Id = Type.String({ minLength: 1, maxLength: 255 })
const Filters = Type.Object(
  {
    service_id: Type.Optional(Id),
    region_id: Type.Optional(Id),
    interface: Type.Optional(Type.Unsafe<string>({ enum: ['public', 'internal', 'admin'] })),
  },
  { additionalProperties: false, minProperties: 1 },
)
const Description = Type.Optional(Type.Union([Type.String({ maxLength: 4096 }), Type.Null()]))
const Create = Type.Object({ endpoint_group: Closed({ name: Name, description: Description, filters: Filters }) })
const Update = Type.Object({
  endpoint_group: Type.Object(
    { name: Type.Optional(Name), description: Description, filters: Type.Optional(Filters) },
    { additionalProperties: false, minProperties: 1 },
  ),
})

export const endpointGroup = resource<'group', EndpointGroupRow>({
  name: 'group',
  param: 'endpoint_group_id',
  load: (id, { db }) => findEndpointGroup(db, id),
  target: () => ({}),
  missing: missing('Endpoint Group'),
  hidden: true,
})

export const EndpointGroup = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  filters: Filters,
  links: SelfLink,
})
const groupList = collection({ many: 'endpoint_groups', path: '/OS-EP-FILTER/endpoint_groups', filters: { name: 'name' } })

export const endpointGroupView = (row: EndpointGroupRow, { href }: { href(path: string): string }): Static<typeof EndpointGroup> => ({
  id: row.id,
  name: row.name,
  description: row.description,
  filters: row.filters,
  links: { self: href(`/OS-EP-FILTER/endpoint_groups/${row.id}`) },
})

const common = { majors: ['v3'], catalog: [] as string[] } as const
const all = { ...common, path: '/OS-EP-FILTER/endpoint_groups' } as const
const one = { ...common, path: '/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}', on: endpointGroup } as const
const get = cloudRule('identity:get_endpoint_group', adminOrSystemReader, 'Show an endpoint group.')

export const endpointGroups = [
  operation({
    ...all,
    id: 'endpoint-groups.list',
    method: 'GET',
    summary: 'List endpoint groups',
    policy: cloudRule('identity:list_endpoint_groups', adminOrSystemReader, 'List endpoint groups.'),
    query: groupList.query,
    answer: groupList.answer(EndpointGroup),
    handle: (context) =>
      listed<EndpointGroupRow>(context, groupList, endpointGroupQuery(context.db), (rows) =>
        rows.map((row) => endpointGroupView(row, context)),
      ),
  }),
  operation({
    ...all,
    id: 'endpoint-groups.create',
    method: 'POST',
    summary: 'Create an endpoint group',
    body: Create,
    status: 201,
    policy: cloudRule('identity:create_endpoint_group', adminRequired, 'Create an endpoint group.'),
    answer: Type.Object({ endpoint_group: EndpointGroup }),
    async handle(context) {
      const { name, description, filters } = context.body.endpoint_group
      const row: EndpointGroupRow = {
        id: context.cloud.environment.hexId(),
        name,
        description: description ?? '',
        filters: filters as Record<string, string>,
        created_at: context.now,
      }
      await insertEndpointGroup(context.tx.db, row)
      return { endpoint_group: endpointGroupView(row, context) }
    },
  }),
  operation({
    ...one,
    id: 'endpoint-groups.show',
    method: 'GET',
    summary: 'Show an endpoint group',
    policy: get,
    answer: Type.Object({ endpoint_group: EndpointGroup }),
    handle: async (context) => ({ endpoint_group: endpointGroupView(context.group, context) }),
  }),
  operation({
    ...one,
    id: 'endpoint-groups.check',
    method: 'HEAD',
    summary: 'Check an endpoint group',
    policy: get,
    handle: async () => undefined,
  }),
  operation({
    ...one,
    id: 'endpoint-groups.update',
    method: 'PATCH',
    summary: 'Update an endpoint group',
    body: Update,
    policy: cloudRule('identity:update_endpoint_group', adminRequired, 'Update an endpoint group.'),
    answer: Type.Object({ endpoint_group: EndpointGroup }),
    async handle(context) {
      const { tx, group, body } = context
      const { name = group.name, description = group.description, filters } = body.endpoint_group
      const changes = { name, description: description ?? '', filters: { ...group.filters, ...(filters as Record<string, string>) } }
      return { endpoint_group: endpointGroupView(await updateEndpointGroup(tx.db, group.id, changes), context) }
    },
  }),
  operation({
    ...one,
    id: 'endpoint-groups.delete',
    method: 'DELETE',
    summary: 'Delete an endpoint group',
    status: 204,
    policy: cloudRule('identity:delete_endpoint_group', adminRequired, 'Delete an endpoint group.'),
    handle: ({ tx, group }) => deleteEndpointGroup(tx.db, group.id),
  }),
]
