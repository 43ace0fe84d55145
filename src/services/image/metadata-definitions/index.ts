// Metadata definitions (reference 11.7 to 11.11): a vocabulary of what may be said about images, flavors and other things.
import { createNamespace } from './namespaces/create.ts'
import { listNamespaces, showNamespace } from './namespaces/read.ts'
import { deleteNamespace, deleteObjects, deleteProperties, deleteTags, updateNamespace } from './namespaces/write.ts'
import { createObject, deleteObject, listObjects, showObject, updateObject } from './objects.ts'
import { createProperty, deleteProperty, listProperties, showProperty, updateProperty } from './properties.ts'
import { createAssociation, deleteAssociation, listAssociations, listResourceTypes } from './resource-types.ts'
import { addTagDefinition, createTags, deleteTag, listTags, showTag, updateTag } from './tags.ts'

export const metadataOperations = [
  createNamespace,
  listNamespaces,
  showNamespace,
  updateNamespace,
  deleteNamespace,
  createObject,
  listObjects,
  showObject,
  updateObject,
  deleteObject,
  deleteObjects,
  createProperty,
  listProperties,
  showProperty,
  updateProperty,
  deleteProperty,
  deleteProperties,
  createTags,
  listTags,
  addTagDefinition,
  showTag,
  updateTag,
  deleteTag,
  deleteTags,
  listResourceTypes,
  createAssociation,
  listAssociations,
  deleteAssociation,
]
