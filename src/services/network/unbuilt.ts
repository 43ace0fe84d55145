// What clients of the API know and this version has not got: told with 501, so that nobody takes it for a thing that is not there.
import type { UnbuiltOperation } from '../../api/service.ts'

const tagged = [
  'networks',
  'subnets',
  'ports',
  'routers',
  'floatingips',
  'security-groups',
  'security-group-rules',
  'subnetpools',
  'trunks',
]

export const unbuilt: UnbuiltOperation[] = [
  ...tagged.flatMap((collection) => [
    ...['GET', 'PUT', 'POST', 'DELETE'].map((method) => ({ method, path: `/${collection}/{id}/tags`, title: 'Tags' })),
    ...['GET', 'PUT', 'DELETE'].map((method) => ({ method, path: `/${collection}/{id}/tags/{tag}`, title: 'Tags' })),
  ]),
  ...['add_extraroutes', 'remove_extraroutes'].map((action) => ({
    method: 'PUT',
    path: `/routers/{id}/${action}`,
    title: 'Adding and removing single routes of a router',
  })),
  ...['PUT', 'DELETE'].map((method) => ({ method, path: '/agents/{id}', title: 'Changing agents' })),
  ...['dhcp-networks', 'l3-routers'].flatMap((what) => [
    { method: 'POST', path: `/agents/{id}/${what}`, title: 'Moving networks and routers to agents' },
    { method: 'DELETE', path: `/agents/{id}/${what}/{what}`, title: 'Moving networks and routers to agents' },
  ]),
]
