// Images as version 1 shows them.
import type { FullImage, Image } from '../images/store.ts'

const time = (iso: string) => `${iso.slice(0, 19)}.000000`
const statuses: Record<string, string> = { importing: 'saving', uploading: 'queued' }

export const briefView = (image: Image) => ({
  id: image.id,
  uri: `/v1/images/${image.id}`,
  name: image.name,
  disk_format: image.disk_format,
  container_format: image.container_format,
  size: image.size ?? 0,
  checksum: image.checksum,
})

export const detailView = (image: FullImage) => ({
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
