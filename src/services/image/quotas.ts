// What the image service counts for each project.
import type { QuotaDefaults } from '../../quota/quota.ts'

export const count = 'image.image_count_total'
/** Bytes. */
export const bytes = 'image.image_size_total'

export const quotas: QuotaDefaults = { [count]: 1000, [bytes]: 2 ** 40 }

/** Most tags, custom properties and members of one image. */
export const maxTags = 128
export const maxProperties = 128
/** Characters of all custom properties of one image: lists of a thousand images are made of them. */
export const maxPropertyText = 2 ** 18
export const maxMembers = 128
