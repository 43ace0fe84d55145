// Since when a container is open to others. Of several of one name the first of them is what strangers mean who name no account.
import type { Container, Headers } from '../tables.ts'

/** Where a container keeps when it, or something in it, was opened to others for the first time: in units of timestamps. */
const sharedName = 'x-container-sysmeta-s3-shared'

const lists = ['x-container-read', 'x-container-write'] as const

/** What containers that are open, or were, have one of. */
export const signsOfSharing: readonly string[] = [sharedName, ...lists]

const hasLists = (metadata: Headers) => lists.some((name) => metadata[name])

/** Metadata of a container that is open to others from now on, if it was not already; what closes it again leaves the mark. */
export const marked = (metadata: Headers, at: number): Headers =>
  metadata[sharedName] ? metadata : { ...metadata, [sharedName]: String(at) }

/** The same for metadata that are being set, where their lists open it. */
export const markedByLists = (metadata: Headers, at: number): Headers => (hasLists(metadata) ? marked(metadata, at) : metadata)

export const isMarked = ({ metadata }: Container): boolean => metadata[sharedName] !== undefined

/** When it was opened first; null for never. Those that were open before marks were made are as old as they are. */
export const sharedSince = ({ metadata, made_at }: Container): number | null =>
  metadata[sharedName] ? Number(metadata[sharedName]) : hasLists(metadata) ? made_at : null
