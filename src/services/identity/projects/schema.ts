import { type Static, Type } from 'typebox'
import { Description, Id, Options, ShortName } from '../attributes.ts'

export const Tag = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^,/\\u0000-\\u001f]+$' })
export const Tags = Type.Array(Tag, { maxItems: 80, uniqueItems: true })

const attributes = {
  description: Type.Optional(Description),
  enabled: Type.Optional(Type.Boolean()),
  is_domain: Type.Optional(Type.Boolean()),
  domain_id: Type.Optional(Type.Union([Id, Type.Null()])),
  parent_id: Type.Optional(Type.Union([Id, Type.Null()])),
  tags: Type.Optional(Tags),
  options: Type.Optional(Options),
}
export const ProjectCreate = Type.Object({ project: Type.Object({ name: ShortName, ...attributes }) })
export const ProjectUpdate = Type.Object({ project: Type.Object({ name: Type.Optional(ShortName), ...attributes }, { minProperties: 1 }) })
export type NewProject = Static<typeof ProjectCreate>['project'] & Record<string, unknown>
export const knownProject = ['name', ...Object.keys(attributes), 'parents', 'subtree']
