// Images as version 1 shows them.
import { type Static, Type } from 'typebox'
import { Nullable } from '../../../api/types.ts'
import type { FullImage, Image } from '../images/store.ts'

const time = (iso: string) => `${iso.slice(0, 19)}.000000`
const statuses: Record<string, string> = { importing: 'saving', uploading: 'queued' }

const brief = {
  id: Type.String(),
  uri: Type.String(),
  name: Nullable(Type.String()),
  disk_format: Nullable(Type.String()),
  container_format: Nullable(Type.String()),
  size: Type.Integer(),
  checksum: Nullable(Type.String()),
}

export const BriefImage = Type.Object(brief)
/** An image as version 1 shows it (reference 12.2). */
export const DetailedImage = Type.Object({
  ...brief,
  virtual_size: Nullable(Type.Integer()),
  status: Type.String(),
  is_public: Type.Boolean(),
  protected: Type.Boolean(),
  min_disk: Type.Integer(),
  min_ram: Type.Integer(),
  owner: Type.String(),
  created_at: Type.String(),
  updated_at: Type.String(),
  deleted: Type.Boolean(),
  deleted_at: Type.Null(),
  properties: Type.Record(Type.String(), Type.String()),
})

export const briefView = (image: Image): Static<typeof BriefImage> => ({
  id: image.id,
  uri: `/v1/images/${image.id}`,
  name: image.name,
  disk_format: image.disk_format,
  container_format: image.container_format,
  size: image.size ?? 0,
  checksum: image.checksum,
})

export const detailView = (image: FullImage): Static<typeof DetailedImage> => ({
  ...briefView(image),
  virtual_size: image.virtual_size,
  status: statuses[image.status] ?? image.status,
  is_public: image.visibility === 'public',
  protected: image.protected,
  min_disk: image.min_disk,
  min_ram: image.min_ram,
  owner: image.owner_id,
  created_at: time(image.created_at),
  updated_at: time(image.updated_at),
  deleted: false,
  deleted_at: null,
  // How an import goes is no matter of this version.
  properties: Object.fromEntries(Object.entries(image.properties).filter(([name]) => !name.startsWith('os_glance_'))),
})
