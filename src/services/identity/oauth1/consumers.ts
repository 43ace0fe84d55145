// Consumers (reference 7.3.1 to 7.3.5): applications that users let act for them.
import { type Static, Type } from 'typebox'
import { operation, resource } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import type { ConsumerRow } from '../../../auth/delegation-tables.ts'
import { noteRevocation } from '../../../auth/revocations.ts'
import { Extended, extraOf, mergeExtra, missing, SelfLink } from '../attributes.ts'
import { collection, listed } from '../collection.ts'
import { encryptBlob } from '../credentials/blob.ts'
import { adminOrSystemReader, adminRequired, cloudRule } from '../rules.ts'
import { consumerQuery, deleteConsumer, findConsumer, insertConsumer, updateConsumer } from './store.ts'

const attributes = { description: Type.Optional(Type.Union([Type.String({ maxLength: 4096 }), Type.Null()])) }
const Create = Type.Object({ consumer: Type.Object(attributes) })
const Update = Type.Object({ consumer: Type.Object(attributes, { minProperties: 1, additionalProperties: false }) })

const consumer = resource<'consumer', ConsumerRow>({
  name: 'consumer',
  param: 'consumer_id',
  load: (id, { db }) => findConsumer(db, id),
  target: () => ({}),
  missing: missing('Consumer'),
  hidden: true,
})

/** A consumer as it is shown (reference 7.3). */
const Consumer = Extended({ id: Type.String(), description: Nullable(Type.String()), links: SelfLink })
/** With the secret, which is shown this once. */
const Made = Extended({ ...Consumer.properties, secret: Type.String() })
const consumerList = collection({
  many: 'consumers',
  path: '/OS-OAUTH1/consumers',
  filters: {},
  sortKeys: [],
  defaultSort: ['created_at'],
})

const view = (row: ConsumerRow, { href }: { href(path: string): string }): Static<typeof Consumer> => ({
  ...row.extra,
  id: row.id,
  description: row.description,
  links: { self: href(`/OS-OAUTH1/consumers/${row.id}`) },
})

const all = { majors: ['v3'], path: '/OS-OAUTH1/consumers' } as const
const one = { majors: ['v3'], path: '/OS-OAUTH1/consumers/{consumer_id}', on: consumer } as const
const ids = (name: string) => [`identity-v3-ext.oauth-extension.${name}`]

export const consumers = [
  operation({
    ...all,
    id: 'consumers.list',
    method: 'GET',
    summary: 'List consumers',
    catalog: ids('list-consumers'),
    policy: cloudRule('identity:list_consumers', adminOrSystemReader, 'List consumers.'),
    query: consumerList.query,
    answer: consumerList.answer(Consumer),
    handle: (context) =>
      listed<ConsumerRow>(context, consumerList, consumerQuery(context.db), (rows) => rows.map((row) => view(row, context))),
  }),
  operation({
    ...all,
    id: 'consumers.create',
    method: 'POST',
    summary: 'Create consumer',
    catalog: ids('create-consumer'),
    body: Create,
    status: 201,
    policy: cloudRule('identity:create_consumer', adminRequired, 'Create a consumer.'),
    answer: Type.Object({ consumer: Made }),
    async handle(context) {
      const { cloud, tx, body, now } = context
      const secret = cloud.environment.hexId()
      const row: ConsumerRow = {
        id: cloud.environment.hexId(),
        description: body.consumer.description ?? null,
        encrypted_secret: encryptBlob(cloud, secret),
        extra: extraOf(body.consumer, ['description', 'secret']),
        created_at: now,
      }
      await insertConsumer(tx.db, row)
      return { consumer: { ...view(row, context), secret } }
    },
  }),
  operation({
    ...one,
    id: 'consumers.show',
    method: 'GET',
    summary: 'Show consumer details',
    catalog: ids('show-consumer-details'),
    policy: cloudRule('identity:get_consumer', adminOrSystemReader, 'Show consumer details.'),
    answer: Type.Object({ consumer: Consumer }),
    handle: async (context) => ({ consumer: view(context.consumer, context) }),
  }),
  operation({
    ...one,
    id: 'consumers.update',
    method: 'PATCH',
    summary: 'Update the description of a consumer',
    catalog: ids('update-consumer'),
    body: Update,
    policy: cloudRule('identity:update_consumer', adminRequired, 'Update a consumer.'),
    answer: Type.Object({ consumer: Consumer }),
    async handle(context) {
      const { tx, body, consumer } = context
      const { description = consumer.description } = body.consumer
      const extra = mergeExtra(consumer.extra, body.consumer, ['description'])
      await updateConsumer(tx.db, consumer.id, { description, extra })
      return { consumer: view({ ...consumer, description, extra }, context) }
    },
  }),
  operation({
    ...one,
    id: 'consumers.delete',
    method: 'DELETE',
    summary: 'Delete consumer',
    catalog: ids('delete-consumer'),
    status: 204,
    policy: cloudRule('identity:delete_consumer', adminRequired, 'Delete a consumer with all its tokens.'),
    async handle({ tx, consumer, now }) {
      await deleteConsumer(tx.db, consumer.id)
      await noteRevocation(tx.db, now, { consumer_id: consumer.id })
    },
  }),
]
