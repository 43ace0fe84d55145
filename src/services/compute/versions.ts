// Version documents (reference 3.1). What each microversion changes stands at the fields and operations (`since`, `until`).
import { versionDocuments } from '../../api/version-documents.ts'

/** Greatest microversion whose every change to what is built here is made. */
export const maxVersion = '2.19'

const json = (major: string) => [{ base: 'application/json', type: `application/vnd.openstack.compute+json;version=${major}` }]

export const versionOperations = versionDocuments({
  versions: [
    { id: 'v2.0', major: 'v2', status: 'SUPPORTED', updated: '2011-01-21T11:33:21Z', version: '', min_version: '', mediaTypes: json('2') },
    {
      id: 'v2.1',
      major: 'v2.1',
      status: 'CURRENT',
      updated: '2013-07-23T11:33:21Z',
      version: maxVersion,
      min_version: '2.1',
      mediaTypes: json('2.1'),
    },
  ],
  style: 'list',
  status: 200,
  own: 'version',
  catalog: ['compute-v2.1.api-versions.list-api-versions'],
})
