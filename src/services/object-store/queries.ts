// The parameters that operations read, all of them texts: what they may be is decided where they are used, by Swift's own faults.
import { Type } from 'typebox'

export const parameters = (...names: string[]) => Object.fromEntries(names.map((name) => [name, Type.Optional(Type.String())]))

const format = parameters('format')
const listing = { ...format, ...parameters('limit', 'marker', 'end_marker', 'prefix', 'delimiter', 'path', 'reverse') }

/** What is signed in a temporary URL, and what it wishes of a browser. */
const tempUrl = parameters('temp_url_sig', 'temp_url_expires', 'temp_url_prefix', 'temp_url_ip_range', 'filename', 'inline')

/** What is read of an object: bytes or manifest, a link itself, one part. */
const reading = parameters('multipart-manifest', 'symlink', 'part-number')

/** What makes a request another one: signatures and synchronisation must not let one of these through. */
const indirections = parameters('multipart-manifest', 'version-id', 'extract-archive', 'bulk-delete')

export const AccountListing = Type.Object(listing)
/** Sites show an object of theirs in place of the listing. */
export const ContainerListing = Type.Object({ ...listing, ...parameters('versions', 'version_marker'), ...reading })
/** HEAD of an account. */
export const ListingFormat = Type.Object(format)
/** HEAD of a container, which sites answer with an object. */
export const ContainerHead = Type.Object({ ...format, ...reading })
/** With `format=raw` a manifest has the form in which it may be put again. */
export const ObjectRead = Type.Object({ ...tempUrl, ...reading, ...format, ...parameters('version-id') })
/** Also of many objects at once. */
export const Writing = Type.Object({ ...tempUrl, ...indirections })
/** Uploads are copies too, of what may be read; `heartbeat`: blanks while a manifest is checked. */
export const ObjectPut = Type.Object({ ...tempUrl, ...indirections, ...parameters('symlink', 'heartbeat') })
export const ObjectCopy = Type.Object({ ...tempUrl, ...parameters('multipart-manifest', 'version-id', 'symlink') })
