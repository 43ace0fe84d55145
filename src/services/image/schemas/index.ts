// GET /v2/schemas/... (reference 11.6, 11.12): clients build their models from these.
import { Type } from 'typebox'
import { LinkSchema } from '../../../api/listing.ts'
import { type Operation, operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { imageSchema, memberSchema, membersSchema, pageOf } from './image.ts'
import { metadataSchemas } from './metadata-definitions.ts'
import { taskSchema } from './task.ts'

const policy = rule('default', '', 'What needs no more than a token.')

/** A JSON schema, which may say anything of a property. */
const anything = Type.Record(Type.String(), Type.Unknown())
const JsonSchema = Type.Object({
  name: Type.String(),
  properties: anything,
  required: Type.Optional(Type.Array(Type.String())),
  additionalProperties: Type.Optional(Type.Unknown()),
  /** Only where properties refer to them. */
  definitions: Type.Optional(anything),
  links: Type.Optional(Type.Array(LinkSchema)),
})

const schemaAt = (name: string, schema: object, catalog: string): Operation =>
  operation({
    id: `schemas.${name.replace('/', '.')}`,
    method: 'GET',
    path: `/schemas/${name}`,
    summary: `Get the JSON schema of ${name}`,
    catalog: catalog ? [catalog] : [],
    answer: JsonSchema,
    policy,
    handle: async () => schema,
  })

const metadataName = (name: string) =>
  name.startsWith('resource_type') ? name.replace('resource_type', 'namespace-resource-type-association') : name

export const schemaOperations = [
  schemaAt('image', imageSchema, 'image-v2.image-schemas.get-image-schema'),
  schemaAt('images', pageOf('images', 'images', imageSchema), 'image-v2.image-schemas.get-images-schema'),
  schemaAt('member', memberSchema, 'image-v2.image-schemas.get-image-member-schema'),
  schemaAt('members', membersSchema, 'image-v2.image-schemas.get-image-members-schema'),
  schemaAt('task', taskSchema, ''),
  schemaAt('tasks', pageOf('tasks', 'tasks', taskSchema), ''),
  ...Object.entries(metadataSchemas).map(([name, schema]) =>
    schemaAt(`metadefs/${name}`, schema, `image-v2.metadata-definition-schemas.get-metadata-definition-${metadataName(name)}-schema`),
  ),
]
