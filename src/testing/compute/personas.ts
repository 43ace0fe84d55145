// The rows of compute that every persona is tried on, and a request for any operation.
import type { Operation } from '../../api/operation.ts'
import { makeImage } from '../make.ts'
import { exampleOf, freshName, type MatrixRequest, paths } from '../persona-matrix.ts'
import { asked, makePersonas, type Personas } from '../personas.ts'
import type { TestCloud } from '../test-cloud.ts'

export interface Stage extends Personas {
  requestFor(operation: Operation, fresh: boolean): Promise<MatrixRequest>
  /** Ids that nobody outside of the project reads. */
  secrets: string[]
}

const v2 = '/compute/v2.1'

/** A project with a running server and all that goes with it, made by its member `user`. */
export async function buildStage(cloud: TestCloud): Promise<Stage> {
  const personas = await makePersonas(cloud)
  const { project, user } = personas
  const own = async (method: string, path: string, body?: object) => asked(cloud, (await personas.token('user'))!, method, path, body)
  const { admin } = cloud
  for (const [path, key, names] of [
    [`${v2}/os-quota-sets/${project}`, 'quota_set', ['instances', 'cores', 'ram', 'server_groups', 'key_pairs']],
    [`/network/v2.0/quotas/${project}`, 'quota', ['port', 'floatingip', 'security_group', 'security_group_rule']],
  ] as const)
    await admin.put(path, { [key]: Object.fromEntries(names.map((name) => [name, -1])) }, 200)
  const imageId = await makeImage(admin, { visibility: 'public' })
  const network = (await own('POST', '/network/v2.0/networks', { network: { name: 'net' } })).network.id
  await own('POST', '/network/v2.0/subnets', { subnet: { network_id: network, ip_version: 4, cidr: '10.9.0.0/16' } })
  const serverBody = () => ({
    server: { name: freshName(), imageRef: imageId, flavorRef: '42', networks: [{ uuid: network }], metadata: { k: 'v' } },
  })
  const makeServer = async (): Promise<string> => (await own('POST', `${v2}/servers`, serverBody())).server.id
  const makeFlavor = async (): Promise<string> => {
    const flavor = { name: freshName(), ram: 64, vcpus: 1, disk: 0, 'os-flavor-access:is_public': false }
    const { id } = (await admin.post(`${v2}/flavors`, { flavor }, 200)).body.flavor
    await admin.post(`${v2}/flavors/${id}/os-extra_specs`, { extra_specs: { k: 'v' } }, 200)
    await admin.post(`${v2}/flavors/${id}/action`, { addTenantAccess: { tenant: project } }, 200)
    return id
  }
  const makeGroup = async (): Promise<string> =>
    (await own('POST', `${v2}/os-security-groups`, { security_group: { name: freshName() } })).security_group.id
  let port = 1000
  const ruleBody = (group: string) => ({
    security_group_rule: { parent_group_id: group, ip_protocol: 'tcp', from_port: ++port, to_port: port },
  })
  const server = await makeServer()
  await cloud.settled()
  const group = await makeGroup()
  const keypair = async (): Promise<string> => (await own('POST', `${v2}/os-keypairs`, { keypair: { name: freshName() } })).keypair.name
  const makeAddress = async (): Promise<string> => (await own('POST', `${v2}/os-floating-ips`, {})).floating_ip.id
  const address = await makeAddress()
  const { ip } = (await own('GET', `${v2}/os-floating-ips/${address}`)).floating_ip
  const portId = (await own('GET', `${v2}/servers/${server}/os-interface`)).interfaceAttachments[0].port_id
  const request = (await own('GET', `${v2}/servers/${server}/os-instance-actions`)).instanceActions[0].request_id
  const serverGroup = async (): Promise<string> =>
    (await own('POST', `${v2}/os-server-groups`, { server_group: { name: freshName(), policies: ['affinity'] } })).server_group.id
  const firstGroup = await serverGroup()
  const always = (id: string) => async () => id
  const first = { server_id: server, security_group_id: group, ServerGroup_id: firstGroup }
  const pathOf = paths(
    [
      ['server_id', '', makeServer],
      ['flavor_id', '', makeFlavor],
      ['key', '', always('k')],
      ['network_label', '', always('net')],
      ['port_id', '', always(portId)],
      ['request_id', '', always(request)],
      ['keypair_name', '', keypair],
      ['hypervisor_id', '/os-hypervisors/{hypervisor_id}/se', always('fake-1')],
      ['hypervisor_id', '', async () => String((await admin.get(`${v2}/os-hypervisors`)).body.hypervisors[0].id)],
      ['security_group_id', '', makeGroup],
      [
        'security_group_rule_id',
        '',
        async () => (await own('POST', `${v2}/os-security-group-rules`, ruleBody(group))).security_group_rule.id,
      ],
      ['ServerGroup_id', '', serverGroup],
      ['id', '/os-quota-sets', always(project)],
      ['id', '/os-floating-ips', makeAddress],
      ['id', '', always(network)],
      ['volume_id', '', always('00000000-0000-4000-8000-000000000001')],
      ['alias', '', always('os-keypairs')],
    ],
    first,
  )
  const bodies: Record<string, () => object> = {
    'servers.create': serverBody,
    'servers.add-security-group': () => ({ addSecurityGroup: { name: 'default' } }),
    'servers.remove-security-group': () => ({ removeSecurityGroup: { name: 'default' } }),
    'servers.add-floating-ip': () => ({ addFloatingIp: { address: ip } }),
    'servers.remove-floating-ip': () => ({ removeFloatingIp: { address: ip } }),
    'security-group-rules.create': () => ruleBody(group),
    'keypairs.create': () => ({ keypair: { name: freshName(), user_id: user.id } }),
    'server-metadata.update': () => ({ meta: { k: 'v' } }),
    'extra-specs.update': () => ({ k: 'v' }),
    'floating-ips.create': () => ({}),
  }
  return {
    ...personas,
    secrets: [server, group, firstGroup, address, portId, network],
    async requestFor(operation, fresh) {
      const known = { host: 'fake-1', binary: 'nova-compute', tenant: project, policies: ['affinity'], ip: '10.9.0.1' }
      const example = bodies[operation.id.split('@')[0]!] ?? (() => exampleOf(operation.body, known))
      const version = operation.since ?? (operation.id.startsWith('keypairs.') ? '2.10' : '2.1')
      return {
        path: `${v2}${await pathOf(operation, fresh)}${operation.id.startsWith('keypairs.') ? `?user_id=${user.id}` : ''}`,
        headers: { 'x-openstack-nova-api-version': version },
        ...(operation.body ? { body: example() } : operation.action ? { body: { [operation.action]: null } } : {}),
      }
    },
  }
}
