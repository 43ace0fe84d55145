// Security groups of a server (reference 3.45.6), and the actions that give and take them.
import { Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { Closed } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { memberOrAdmin, readerOrAdmin } from '../rules.ts'
import { servers } from '../servers/resource.ts'
import { groupView, SecurityGroup } from './view.ts'

const Which = Closed({ name: Type.String({ minLength: 1, maxLength: 255 }) })
const path = '/servers/{server_id}/action'

export const groupsOfServersOperations = [
  operation({
    id: 'server-security-groups.list',
    method: 'GET',
    path: '/servers/{server_id}/os-security-groups',
    summary: 'List a server’s security groups',
    catalog: ['compute-v2.1.security-groups.list-security-groups-by-server'],
    policy: rule('os_compute_api:os-security-groups:list', readerOrAdmin, 'List security groups of a server.'),
    on: servers,
    answer: Type.Object({ security_groups: Type.Array(SecurityGroup) }),
    handle: async ({ cloud, db, server }) => ({
      security_groups: (await cloud.network.securityGroups.ofServer(db, server.id)).map(groupView),
    }),
  }),
  operation({
    id: 'servers.add-security-group',
    method: 'POST',
    path,
    action: 'addSecurityGroup',
    summary: 'Give a server a security group',
    catalog: [],
    status: 202,
    policy: rule('os_compute_api:os-security-groups:add', memberOrAdmin, 'Give a server a security group.'),
    on: servers,
    body: Closed({ addSecurityGroup: Which }),
    handle: (context) => context.cloud.network.securityGroups.addToServer(context, context.server, context.body.addSecurityGroup.name),
  }),
  operation({
    id: 'servers.remove-security-group',
    method: 'POST',
    path,
    action: 'removeSecurityGroup',
    summary: 'Take a security group from a server',
    catalog: [],
    status: 202,
    policy: rule('os_compute_api:os-security-groups:remove', memberOrAdmin, 'Take a security group from a server.'),
    on: servers,
    body: Closed({ removeSecurityGroup: Which }),
    handle: (context) =>
      context.cloud.network.securityGroups.removeFromServer(context, context.server, context.body.removeSecurityGroup.name),
  }),
]
