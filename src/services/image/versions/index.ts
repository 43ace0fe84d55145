// Version documents of the image service (reference 11.1). The service has no microversions: minor versions only say what is there.
import { type VersionEntry, versionDocuments } from '../../../api/version-documents.ts'

/** Up to that which has the API of the cache; clients of today ask for the tasks of an image (2.12) and for the cache (2.14) only where they are told. */
const newest = 16
const ids = Array.from({ length: newest + 1 }, (_, index) => `v2.${newest - index}`)
const versions: VersionEntry[] = ids.map((id, index) => ({ id, major: 'v2', status: index ? 'SUPPORTED' : 'CURRENT' }))
for (const id of ['v1.1', 'v1.0']) versions.push({ id, major: 'v1', status: 'SUPPORTED' })

export const versionOperations = versionDocuments({
  versions,
  style: 'list',
  status: 300,
  paths: ['/', '/versions'],
  own: null,
  catalog: ['image-v2.api-versions.list-api-versions', 'image-v1.api-versions.list-api-versions'],
})
