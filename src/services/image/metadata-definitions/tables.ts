import type { Generated } from 'kysely'

interface Times {
  created_at: string
  updated_at: string
}

/** What a property definition says: JSON schema in short. */
export type Definition = Record<string, unknown>

export interface NamespaceRow extends Times {
  id: string
  name: string
  display_name: string | null
  description: string | null
  visibility: 'public' | 'private'
  protected: Generated<boolean>
  owner_id: string
}

export interface ObjectRow extends Times {
  namespace_id: string
  name: string
  description: string | null
  required_names: string[]
  definitions: Record<string, Definition>
}

export interface PropertyRow extends Times {
  namespace_id: string
  name: string
  definition: Definition
}

export interface TagRow extends Times {
  namespace_id: string
  name: string
}

export interface AssociationRow extends Times {
  namespace_id: string
  /** Name of the resource type. */
  name: string
  prefix: string | null
  properties_target: string | null
}

export interface ResourceTypeRow extends Times {
  name: string
}

declare module '../../../db/tables.ts' {
  interface Tables {
    metadata_namespaces: NamespaceRow
    metadata_objects: ObjectRow
    metadata_properties: PropertyRow
    metadata_tags: TagRow
    metadata_associations: AssociationRow
    metadata_resource_types: ResourceTypeRow
  }
}
