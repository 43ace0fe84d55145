// Version documents (reference 13.1): clients read them first.
import { Type } from 'typebox'
import { LinkSchema } from '../../api/listing.ts'
import { operation } from '../../api/operation.ts'
import { versionDocuments } from '../../api/version-documents.ts'

const resources = [
  'network',
  'subnet',
  'port',
  'router',
  'floatingip',
  'security-group',
  'security-group-rule',
  'quota',
  'agent',
  'extension',
]

/** What there is below v2.0, with its address. */
const showResources = operation({
  id: 'versions.resources',
  method: 'GET',
  path: '/',
  majors: ['v2.0'],
  summary: 'Show what the version has',
  catalog: ['network-v2.0.api-versions.show-api-v2-0-details'],
  auth: 'none',
  policy: null,
  answer: Type.Object({
    resources: Type.Array(Type.Object({ name: Type.String(), collection: Type.String(), links: Type.Array(LinkSchema) })),
  }),
  handle: async ({ href }) => ({
    resources: resources.map((name) => ({ name, collection: `${name}s`, links: [{ rel: 'self', href: href(`/${name}s`) }] })),
  }),
})

export const versionOperations = [
  ...versionDocuments({
    versions: [{ id: 'v2.0', major: 'v2.0', status: 'CURRENT' }],
    style: 'list',
    status: 200,
    own: null,
    catalog: ['network-v2.0.api-versions.list-api-versions'],
  }),
  showResources,
]
