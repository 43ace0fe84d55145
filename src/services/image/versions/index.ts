// Version documents of the image service (reference 11.1). The service has no microversions: minor versions only say what is there.
import { type VersionEntry, versionDocuments } from '../../../api/version-documents.ts'

const ids = ['v2.3', 'v2.2', 'v2.1', 'v2.0']
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
