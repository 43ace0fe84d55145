// Extensions of v2.0 that are served (reference 10).
import { extensionOperations } from '../../../api/extensions.ts'
import { notFound } from '../../../api/faults.ts'
import type { Operation } from '../../../api/operation.ts'
import { v2 } from './common.ts'

const extensions = [
  {
    name: 'OpenStack Keystone Admin',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSADM/v1.0',
    alias: 'OS-KSADM',
    updated: '2013-07-11T17:14:00-00:00',
    description: 'Users, tenants, roles and services for administrators.',
    needs: ['identity-v2.0-ext.os-ksadm-admin-extension'],
  },
  {
    name: 'OpenStack Endpoint Templates',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSCATALOG/v1.0',
    alias: 'OS-KSCATALOG',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'Endpoint templates, and endpoints of tenants.',
    needs: ['identity-v2.0-ext.os-kscatalog-admin-extension'],
  },
  {
    name: 'OpenStack Keystone User CRUD',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSCRUD/v1.0',
    alias: 'OS-KSCRUD',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'Change of the own password.',
    needs: ['v2.users.change-password'],
  },
  {
    name: 'OpenStack EC2 API',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSEC2/v1.0',
    alias: 'OS-KSEC2',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'EC2 credentials of users.',
    needs: ['identity-v2.0-ext.os-ksec2-admin-extension'],
  },
  {
    name: 'OpenStack S3 API',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KSS3/v1.0',
    alias: 'OS-KSS3',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'S3 credentials of users.',
    needs: ['identity-v2.0-ext.os-kss3-admin-extension'],
  },
  {
    name: 'OpenStack Token Validation',
    namespace: 'http://docs.openstack.org/identity/api/ext/OS-KVALIDATE/v1.0',
    alias: 'OS-KVALIDATE',
    updated: '2013-07-07T12:00:00-00:00',
    description: 'Validation of a token that is given in a header.',
    needs: ['identity-v2.0-ext.os-kvalidate-admin-extension'],
  },
]

/** The operations that tell of extensions, for a version that has these others. */
export const v2Extensions = (operations: Operation[]): Operation[] =>
  extensionOperations({
    extensions,
    operations,
    common: { ...v2, auth: 'none', policy: null },
    prefix: 'v2.',
    catalog: { list: ['identity-v2.0-ext.identity-api-v2-0-extensions.list-extensions'], show: [] },
    view: ({ needs: _, ...extension }) => ({ ...extension, links: [] }),
    inValues: true,
    missing: (alias) => notFound(`Could not find extension: ${alias}.`),
  })
