// Services of the catalog (reference 6.3). Those of this cloud itself are kept up to date at each start.
import { type Static, Type } from 'typebox'
import { forbidden } from '../../../api/faults.ts'
import { operation, resource } from '../../../api/operation.ts'
import { Text } from '../../../api/types.ts'
import type { Service as Row } from '../../../auth/tables.ts'
import { Description, Extended, ensureSameId, extraOf, mergeExtra, missing, SelfLink } from '../attributes.ts'
import { collection, listed } from '../collection.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { deleteService, findService, insertService, serviceQuery, updateService } from './store.ts'

const ServiceType = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]+$' })
const attributes = { name: Type.Optional(Text), description: Type.Optional(Description), enabled: Type.Optional(Type.Boolean()) }
const Create = Type.Object({ service: Type.Object({ type: ServiceType, ...attributes }) })
const Update = Type.Object({ service: Type.Object({ type: Type.Optional(ServiceType), ...attributes }, { minProperties: 1 }) })
const known = ['type', ...Object.keys(attributes)]

export const service = resource({
  name: 'service',
  param: 'service_id',
  load: (id, { db }) => findService(db, id),
  target: () => ({}),
  missing: missing('service'),
  hidden: true,
})

export const serviceRules = {
  get: cloudRule('identity:get_service', adminOrSystemReader, 'Show service details.'),
  list: cloudRule('identity:list_services', adminOrSystemReader, 'List services.'),
  create: cloudRule('identity:create_service', adminRequired, 'Create a service.'),
  update: cloudRule('identity:update_service', adminRequired, 'Update a service.'),
  delete: cloudRule('identity:delete_service', adminRequired, 'Delete a service.'),
}

/** A service as it is shown (reference 6.3). */
const Service = Extended({
  id: Type.String(),
  type: Type.String(),
  name: Type.String(),
  description: Type.String(),
  enabled: Type.Boolean(),
  links: SelfLink,
})
const serviceList = collection({
  many: 'services',
  filters: { type: 'type', name: 'name' },
  sortKeys: ['type', 'name'],
  defaultSort: ['type'],
})

const view = (row: Row, { href }: { href(path: string): string }): Static<typeof Service> => ({
  ...row.extra,
  id: row.id,
  type: row.type,
  name: row.name,
  description: row.description,
  enabled: row.enabled,
  links: { self: href(`/services/${row.id}`) },
})

export const ownService = (what: string) =>
  forbidden(
    `This ${what} is the cloud's own: its settings say where it is. Only its name, description and \`enabled\` can be changed here.`,
  )

export function newService(
  body: { type: string; name?: string; description?: string | null; enabled?: boolean },
  id: string,
  created_at: string,
): Row {
  return {
    id,
    type: body.type,
    name: body.name ?? '',
    description: body.description ?? '',
    enabled: body.enabled ?? true,
    managed: false,
    extra: extraOf(body, known),
    created_at,
  }
}

export const removeService = async (db: Parameters<typeof deleteService>[0], row: Row) => {
  if (row.managed) throw ownService('service')
  await deleteService(db, row.id)
}

export const services = [
  operation({
    id: 'services.list',
    method: 'GET',
    path: '/services',
    majors: ['v3'],
    summary: 'List services',
    catalog: ['identity-v3.service-catalog.list-services'],
    policy: serviceRules.list,
    query: serviceList.query,
    answer: serviceList.answer(Service),
    handle: async (context) => listed(context, serviceList, serviceQuery(context.db), (rows) => rows.map((row) => view(row, context))),
  }),
  operation({
    id: 'services.show',
    method: 'GET',
    path: '/services/{service_id}',
    majors: ['v3'],
    summary: 'Show service details',
    catalog: ['identity-v3.service-catalog.show-service-details'],
    on: service,
    policy: serviceRules.get,
    answer: Type.Object({ service: Service }),
    handle: async (context) => ({ service: view(context.service, context) }),
  }),
  operation({
    id: 'services.create',
    method: 'POST',
    path: '/services',
    majors: ['v3'],
    summary: 'Create service',
    catalog: ['identity-v3.service-catalog.create-service'],
    body: Create,
    status: 201,
    policy: serviceRules.create,
    answer: Type.Object({ service: Service }),
    async handle(context) {
      const row = newService(context.body.service, context.cloud.environment.hexId(), context.now)
      await insertService(context.tx.db, row)
      return { service: view(row, context) }
    },
  }),
  operation({
    id: 'services.update',
    method: 'PATCH',
    path: '/services/{service_id}',
    majors: ['v3'],
    summary: 'Update service',
    catalog: ['identity-v3.service-catalog.update-service'],
    body: Update,
    on: service,
    policy: serviceRules.update,
    answer: Type.Object({ service: Service }),
    async handle(context) {
      const { tx, service, body } = context
      const { type, name, description, enabled } = body.service
      ensureSameId(service.id, body.service)
      if (service.managed && type !== undefined && type !== service.type) throw ownService('service')
      const row = await updateService(tx.db, service.id, {
        ...(type === undefined ? {} : { type }),
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description: description ?? '' }),
        ...(enabled === undefined ? {} : { enabled }),
        extra: mergeExtra(service.extra, body.service, known),
      })
      return { service: view(row, context) }
    },
  }),
  operation({
    id: 'services.delete',
    method: 'DELETE',
    path: '/services/{service_id}',
    majors: ['v3'],
    summary: 'Delete service',
    catalog: ['identity-v3.service-catalog.delete-service'],
    status: 204,
    on: service,
    policy: serviceRules.delete,
    handle: ({ tx, service }) => removeService(tx.db, service),
  }),
]
