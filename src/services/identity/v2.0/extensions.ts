// Extensions of v2.0 that are served (reference 10).
import { notFound } from '../../../api/faults.ts'
import { operation } from '../../../api/operation.ts'
import { v2 } from './common.ts'

const extensions = [
  {
    name: 'OpenStack Keystone Admin',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSADM/v1.0',
    alias: 'OS-KSADM',
    updated: '2013-07-11T17:14:00-00:00',
    description: 'Users, tenants, roles and services for administrators.',
    links: [],
  },
  {
    name: 'OpenStack Endpoint Templates',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSCATALOG/v1.0',
    alias: 'OS-KSCATALOG',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'Endpoint templates, and endpoints of tenants.',
    links: [],
  },
  {
    name: 'OpenStack Keystone User CRUD',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSCRUD/v1.0',
    alias: 'OS-KSCRUD',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'Change of the own password.',
    links: [],
  },
  {
    name: 'OpenStack EC2 API',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSEC2/v1.0',
    alias: 'OS-KSEC2',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'EC2 credentials of users.',
    links: [],
  },
  {
    name: 'OpenStack S3 API',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSS3/v1.0',
    alias: 'OS-KSS3',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'S3 credentials of users.',
    links: [],
  },
  {
    name: 'OpenStack Token Validation',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KVALIDATE/v1.0',
    alias: 'OS-KVALIDATE',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'Validation of a token that is given in a header.',
    links: [],
  },
]

export const v2Extensions = [
  operation({
    ...v2,
    id: 'v2.extensions.list',
    method: 'GET',
    path: '/extensions',
    summary: 'List extensions',
    catalog: ['identity-v2.0-ext.identity-api-v2-0-extensions.list-extensions'],
    auth: 'none',
    policy: null,
    handle: async () => ({ extensions: { values: extensions } }),
  }),
  operation({
    ...v2,
    id: 'v2.extensions.show',
    method: 'GET',
    path: '/extensions/{alias}',
    summary: 'Show an extension',
    catalog: [],
    auth: 'none',
    policy: null,
    async handle({ params }) {
      const found = extensions.find((extension) => extension.alias === params.alias)
      if (!found) throw notFound(`Could not find extension: ${params.alias.slice(0, 100)}.`)
      return { extension: found }
    },
  }),
]
