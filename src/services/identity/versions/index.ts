// Version documents of identity (reference 6.1, 8.1, 9.1).
import { type VersionEntry, versionDocuments } from '../../../api/version-documents.ts'
import { homeNames } from './home.ts'

const json = (major: string) => [{ base: 'application/json', type: `application/vnd.openstack.identity-${major}+json` }]

const versions: VersionEntry[] = [
  {
    id: 'v3.14',
    major: 'v3',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    mediaTypes: json('v3'),
    catalog: ['identity-v3.api-versions.show-api-version-details'],
  },
  {
    id: 'v2.0',
    major: 'v2.0',
    status: 'DEPRECATED',
    updated: '2016-08-04T00:00:00Z',
    mediaTypes: json('v2.0'),
    catalog: ['identity-v2.0.api-versions.show-version-details', 'identity-v2.0-admin.versions.get-version-details'],
  },
]

export const versionOperations = versionDocuments({
  versions,
  style: 'values',
  status: 300,
  own: 'version',
  mediaTypesInList: true,
  home: { service: 'identity', major: 'v3', names: homeNames },
  catalog: ['identity-v3.api-versions.list-versions', 'identity-v2.0.api-versions.list-versions'],
})
