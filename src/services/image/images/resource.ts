import { listing } from '../../../api/listing.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { resource } from '../../../api/operation.ts'
import { adminRule } from '../../../auth/policy.ts'
import { style } from '../listing.ts'
import { imageMachine } from './machine.ts'
import { findVisible, type Image, type Viewer } from './store.ts'

export interface SeenImage extends Image {
  /** The asker's project, when the image is another's and shared with it. */
  member_id: string | null
}

/** By the image service's own rule, whichever service asks on somebody's behalf. */
export const isAdmin = ({ cloud, who }: Pick<BaseContext, 'cloud' | 'who'>): boolean =>
  cloud.policies.get('image')!.holds(adminRule, who.credentials)

export const viewerOf = (asker: Pick<BaseContext, 'cloud' | 'who'>): Viewer => ({
  projectId: asker.who.project?.id ?? null,
  isAdmin: isAdmin(asker),
})

/** What policy sees of an image. */
export const imageTarget = (image: Pick<SeenImage, 'owner_id' | 'visibility' | 'member_id'>) => ({
  project_id: image.owner_id,
  owner: image.owner_id,
  visibility: image.visibility,
  member_id: image.member_id,
})

export const missingImage = (id: string) => `No image found with ID ${id.slice(0, 64)}`

export const images = resource<'image', SeenImage>({
  name: 'image',
  param: 'image_id',
  async load(id, context) {
    const viewer = viewerOf(context)
    const row = await findVisible(context.db, id, viewer)
    if (!row) return undefined
    const invited = row.visibility === 'shared' && row.owner_id !== viewer.projectId && !viewer.isAdmin
    return { ...row, member_id: invited ? viewer.projectId : null }
  },
  target: imageTarget,
  missing: missingImage,
  machine: imageMachine,
})

/** By what images are ordered; also those of version 1. */
export const sortable = ['name', 'status', 'container_format', 'disk_format', 'size', 'id', 'created_at', 'updated_at'] as const
export const inOrder = {
  sortKeys: Object.fromEntries(sortable.map((key) => [key, key])),
  nullable: ['name', 'container_format', 'disk_format', 'size'],
  defaultSort: [
    ['created_at', 'desc'],
    ['id', 'desc'],
  ],
  id: 'id',
  maxLimit: 1000,
  defaultLimit: 25,
} as const

/** `filters.ts` takes the filters; names that are none of these are those of custom properties. */
export const imageCollection = listing({
  ...inOrder,
  style,
  many: 'images',
  path: '/images',
  filters: {
    id: {},
    name: {},
    status: {},
    visibility: {},
    member_status: { description: "The project's own answer, of images that are shared with it: accepted unless given, or all." },
    owner: {},
    container_format: {},
    disk_format: {},
    checksum: {},
    os_hash_algo: {},
    os_hash_value: {},
    size: { kind: 'integer' },
    size_min: { kind: 'integer' },
    size_max: { kind: 'integer' },
    virtual_size: { kind: 'integer' },
    min_disk: { kind: 'integer' },
    min_ram: { kind: 'integer' },
    protected: { kind: 'boolean' },
    os_hidden: { kind: 'boolean' },
    tag: { description: 'Given several times: images that have them all.' },
    created_at: { description: 'A time, or one behind a comparison: gte:2026-01-01T00:00:00Z.' },
    updated_at: { description: 'As created_at.' },
  },
})
