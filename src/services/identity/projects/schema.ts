import { type Static, Type } from 'typebox'
import { Nullable } from '../../../api/types.ts'
import { Description, Extended, Id, Options, SelfLink, ShortName } from '../attributes.ts'

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

/** A project as it is shown (reference 6.6). */
export const Project = Extended({
  id: Type.String(),
  name: Type.String(),
  /** Null of one that acts as a domain. */
  domain_id: Nullable(Type.String()),
  parent_id: Nullable(Type.String()),
  is_domain: Type.Boolean(),
  enabled: Type.Boolean(),
  description: Type.String(),
  tags: Type.Array(Type.String()),
  options: Options,
  links: SelfLink,
})
/** By id, what is above it or below it, as a tree of ids: no fixed names at any depth. */
const Ids = Nullable(Type.Record(Type.String(), Type.Unknown()))
const Above = Type.Union([Type.Array(Type.Object({ project: Project })), Ids])
/** With what is asked for of the projects above and below. */
export const ProjectInTree = Extended({ ...Project.properties, parents: Type.Optional(Above), subtree: Type.Optional(Above) })

export const knownProject = ['name', ...Object.keys(attributes), 'parents', 'subtree']
