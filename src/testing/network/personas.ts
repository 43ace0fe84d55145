// The rows of networking that every persona is tried on, and a request for any operation.
import type { Operation } from '../../api/operation.ts'
import { exampleOf, freshName, type MatrixRequest, paths } from '../persona-matrix.ts'
import { asked, makePersonas, type Personas } from '../personas.ts'
import type { TestCloud } from '../test-cloud.ts'

export interface Stage extends Personas {
  requestFor(operation: Operation, fresh: boolean): Promise<MatrixRequest>
  /** Ids that nobody outside of the project reads. */
  secrets: string[]
}

const v2 = '/network/v2.0'

/** A project with a network, a router and what hangs on them, made by its member `user`. */
export async function buildStage(cloud: TestCloud): Promise<Stage> {
  const personas = await makePersonas(cloud)
  const { project } = personas
  const own = async (collection: string, body: object): Promise<string> => {
    const answer = await asked(cloud, (await personas.token('user'))!, 'POST', `${v2}/${collection}`, body)
    return (Object.values(answer)[0] as { id: string }).id
  }
  const names = ['network', 'subnet', 'port', 'router', 'floatingip', 'security_group', 'security_group_rule']
  const withoutLimits = async () => {
    await cloud.admin.put(`${v2}/quotas/${project}`, { quota: Object.fromEntries(names.map((name) => [name, -1])) }, 200)
    return project
  }
  await withoutLimits()
  const external = (await cloud.admin.get(`${v2}/networks?router:external=true`)).body.networks[0].id
  const agents = (await cloud.admin.get(`${v2}/agents`)).body.agents as { id: string; agent_type: string }[]
  const makeNetwork = () => own('networks', { network: { name: freshName() } })
  const network = await makeNetwork()
  let block = 0
  const subnetBody = () => ({ subnet: { network_id: network, ip_version: 4, cidr: `10.${++block}.0.0/24`, project_id: project } })
  const portBody = () => ({ port: { network_id: network, project_id: project } })
  const routerBody = () => ({ router: { name: freshName(), project_id: project } })
  const addressBody = () => ({ floatingip: { floating_network_id: external, project_id: project } })
  const groupBody = () => ({ security_group: { name: freshName(), project_id: project } })
  const subnet = await own('subnets', subnetBody())
  const group = await own('security-groups', groupBody())
  let port = 1000
  const ruleBody = () => ({
    security_group_rule: {
      security_group_id: group,
      direction: 'ingress',
      protocol: 'tcp',
      port_range_min: ++port,
      port_range_max: port,
      project_id: project,
    },
  })
  const bodies: Record<string, () => object> = {
    'networks.create': () => ({ network: { name: freshName(), project_id: project } }),
    'subnets.create': subnetBody,
    'ports.create': portBody,
    'routers.create': routerBody,
    'floating-ips.create': addressBody,
    'floating-ips.update': () => ({ floatingip: { description: 'x' } }),
    'security-groups.create': groupBody,
    'security-group-rules.create': ruleBody,
    'routers.add-interface': () => ({ subnet_id: subnet }),
    'routers.remove-interface': () => ({ subnet_id: subnet }),
  }
  const first: Record<string, string> = {
    network_id: network,
    subnet_id: subnet,
    port_id: await own('ports', portBody()),
    router_id: await own('routers', routerBody()),
    floatingip_id: await own('floatingips', addressBody()),
    security_group_id: group,
    security_group_rule_id: await own('security-group-rules', ruleBody()),
  }
  const makers: Record<string, () => Promise<string>> = {
    network_id: makeNetwork,
    subnet_id: () => own('subnets', subnetBody()),
    port_id: () => own('ports', portBody()),
    router_id: () => own('routers', routerBody()),
    floatingip_id: () => own('floatingips', addressBody()),
    security_group_id: () => own('security-groups', groupBody()),
    security_group_rule_id: () => own('security-group-rules', ruleBody()),
  }
  const agent = (type: string) => async () => agents.find((one) => one.agent_type === type)!.id
  const pathOf = paths(
    [
      ...Object.entries(makers).map(([param, make]): [string, string, () => Promise<string>] => [param, '', make]),
      ['project_id', '', withoutLimits],
      ['agent_id', '/agents/{agent_id}/l3', agent('L3 agent')],
      ['agent_id', '', agent('DHCP agent')],
      ['alias', '', async () => 'router'],
    ],
    first,
  )
  return {
    ...personas,
    secrets: [...Object.values(first), ...agents.map(({ id }) => id)],
    async requestFor(operation, fresh) {
      const example = bodies[operation.id] ?? (() => exampleOf(operation.body, {}))
      return { path: v2 + (await pathOf(operation, fresh)), ...(operation.body ? { body: example() } : {}) }
    },
  }
}
