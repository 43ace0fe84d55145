// Metadata definitions as clients see them. Fields without a value are left out.
import type { Selectable } from 'kysely'
import type { Static } from 'typebox'
import { wireTime } from '../images/view.ts'
import type * as Shown from './schema.ts'
import type { AssociationRow, NamespaceRow, ObjectRow, PropertyRow, ResourceTypeRow, TagRow } from './tables.ts'

export type Namespace = Selectable<NamespaceRow>

const times = (row: { created_at: string; updated_at: string }) => ({
  created_at: wireTime(row.created_at),
  updated_at: wireTime(row.updated_at),
})
const given = <Name extends string>(name: Name, value: string | null) =>
  (value === null ? {} : { [name]: value }) as { [N in Name]?: string }

export const root = '/v2/metadefs/namespaces'

export const namespaceView = (row: Namespace): Static<typeof Shown.Namespace> => ({
  namespace: row.name,
  ...given('display_name', row.display_name),
  ...given('description', row.description),
  visibility: row.visibility,
  protected: row.protected,
  owner: row.owner_id,
  ...times(row),
  self: `${root}/${row.name}`,
  schema: '/v2/schemas/metadefs/namespace',
})

export const objectView = (row: ObjectRow, namespace: string): Static<typeof Shown.DefinedObject> => ({
  name: row.name,
  ...given('description', row.description),
  required: row.required_names,
  properties: row.definitions,
  ...times(row),
  self: `${root}/${namespace}/objects/${row.name}`,
  schema: '/v2/schemas/metadefs/object',
})

export const propertyView = ({ definition, name }: PropertyRow): Static<typeof Shown.Property> => ({ ...definition, name })
export const tagView = (row: TagRow): Static<typeof Shown.Tag> => ({ name: row.name, ...times(row) })
export const resourceTypeView = (row: ResourceTypeRow): Static<typeof Shown.ResourceType> => ({ name: row.name, ...times(row) })

export const associationView = (row: AssociationRow): Static<typeof Shown.Association> => ({
  name: row.name,
  ...given('prefix', row.prefix),
  ...given('properties_target', row.properties_target),
  ...times(row),
})
