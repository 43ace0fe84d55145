import type { Tables } from '../../../db/tables.ts'

/** What a property definition says: JSON schema in short. */
export type Definition = Record<string, unknown>

declare module '../../../db/tables.ts' {
  interface Narrow {
    metadata_namespaces: {
      visibility: 'public' | 'private'
    }
    metadata_objects: {
      required_names: string[]
      definitions: Record<string, Definition>
    }
    metadata_properties: {
      definition: Definition
    }
    metadata_associations: {
      /** Name of the resource type. */
      name: string
    }
  }
}

export type NamespaceRow = Tables['metadata_namespaces']
export type ObjectRow = Tables['metadata_objects']
export type PropertyRow = Tables['metadata_properties']
export type TagRow = Tables['metadata_tags']
export type AssociationRow = Tables['metadata_associations']
export type ResourceTypeRow = Tables['metadata_resource_types']
