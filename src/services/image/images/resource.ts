import type { BaseContext } from '../../../api/operation.ts'
import { resource } from '../../../api/operation.ts'
import { adminRule } from '../../../auth/policy.ts'
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
  state: (row) => row.status,
})
