// Listings as JSON (reference 15.2, 15.3).
import { Type } from 'typebox'

/** Names up to a delimiter, rolled up. */
const Folder = Type.Object({ subdir: Type.String() })

export const ContainerEntry = Type.Object({
  name: Type.String(),
  count: Type.Integer(),
  bytes: Type.Integer(),
  last_modified: Type.String(),
})

const object = {
  name: Type.String(),
  hash: Type.String(),
  bytes: Type.Integer(),
  content_type: Type.String(),
  last_modified: Type.String(),
  /** Of static large objects, and of links to one. */
  slo_etag: Type.Optional(Type.String()),
  /** Where a link leads. */
  symlink_path: Type.Optional(Type.String()),
  /** Of links to one certain content. */
  symlink_etag: Type.Optional(Type.String()),
  symlink_bytes: Type.Optional(Type.Integer()),
}

export const ObjectEntry = Type.Object({
  ...object,
  /** Where versions are kept: `symlink_path` is that of the version itself. */
  version_symlink: Type.Optional(Type.Literal(true)),
})

export const VersionEntry = Type.Object({ ...object, version_id: Type.String(), is_latest: Type.Boolean() })

export const ContainerList = Type.Array(Type.Union([ContainerEntry, Folder]))
/** With `versions` all versions of all objects. */
export const ObjectList = Type.Array(Type.Union([ObjectEntry, VersionEntry, Folder]))
