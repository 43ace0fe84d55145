// Who may give, and see, the attributes that have rules of their own: every kind of asker, by a table that is kept apart from the rules.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../api/operation.ts'
import { buildStage } from '../../testing/network/personas.ts'
import { askedRules, isRefusal, tryPersonas, whoMay } from '../../testing/persona-matrix.ts'
import { admins, asked, members, type PersonaName, personas } from '../../testing/personas.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'
import { network } from './index.ts'
import { attributeRules } from './rules.ts'

/** On the project's own network. */
const byRule: [who: readonly PersonaName[], rules: string][] = [
  [
    admins,
    `create_network:shared create_network:router:external create_network:is_default create_network:provider:network_type
    create_network:provider:physical_network create_network:provider:segmentation_id update_network:shared update_network:router:external
    update_network:is_default update_network:provider:network_type update_network:provider:physical_network
    update_network:provider:segmentation_id get_network:provider:network_type get_network:provider:physical_network
    get_network:provider:segmentation_id create_port:device_owner create_port:binding:host_id create_port:binding:profile
    update_port:device_owner update_port:mac_address update_port:binding:host_id update_port:binding:profile get_port:binding:host_id
    get_port:binding:profile get_port:binding:vif_type get_port:binding:vif_details create_router:external_gateway_info:enable_snat
    create_router:external_gateway_info:external_fixed_ips update_router:external_gateway_info:enable_snat
    update_router:external_gateway_info:external_fixed_ips create_floatingip:floating_ip_address`,
  ],
  [
    members,
    `create_network:port_security_enabled update_network:port_security_enabled create_port:mac_address create_port:port_security_enabled
    create_port:fixed_ips create_port:fixed_ips:subnet_id create_port:fixed_ips:ip_address create_port:allowed_address_pairs
    create_port:binding:vnic_type update_port:fixed_ips update_port:fixed_ips:subnet_id update_port:fixed_ips:ip_address
    update_port:port_security_enabled update_port:allowed_address_pairs update_port:binding:vnic_type`,
  ],
]

/** On a network that the administrator shares: what its owner decides, others do not. */
const onShared: [who: readonly PersonaName[], rules: string][] = [
  [admins, 'create_port:mac_address create_port:port_security_enabled create_port:allowed_address_pairs create_port:fixed_ips:ip_address'],
  [members, 'create_port:fixed_ips create_port:fixed_ips:subnet_id create_port:binding:vnic_type'],
]

let host = 10
/** What is given for each attribute, on a subnet with that prefix. */
const values: Record<string, (subnet: string, prefix: string, external: string) => object> = {
  device_owner: () => ({ device_owner: 'network:x' }),
  mac_address: () => ({ mac_address: `fa:16:3e:00:00:${++host}` }),
  fixed_ips: (subnet) => ({ fixed_ips: [{ subnet_id: subnet }] }),
  'fixed_ips:subnet_id': (subnet) => ({ fixed_ips: [{ subnet_id: subnet }] }),
  'fixed_ips:ip_address': (subnet, prefix) => ({ fixed_ips: [{ subnet_id: subnet, ip_address: `${prefix}.${++host}` }] }),
  port_security_enabled: () => ({ port_security_enabled: true }),
  allowed_address_pairs: () => ({ allowed_address_pairs: [{ ip_address: '10.77.0.1' }] }),
  'binding:host_id': () => ({ 'binding:host_id': 'fake-1' }),
  'binding:profile': () => ({ 'binding:profile': { x: 'y' } }),
  'binding:vnic_type': () => ({ 'binding:vnic_type': 'normal' }),
  'provider:network_type': () => ({ 'provider:network_type': 'vxlan' }),
  'provider:physical_network': () => ({ 'provider:physical_network': 'x' }),
  'provider:segmentation_id': () => ({ 'provider:segmentation_id': 5 }),
  'external_gateway_info:enable_snat': (_subnet, _prefix, external) => ({
    external_gateway_info: { network_id: external, enable_snat: true },
  }),
  'external_gateway_info:external_fixed_ips': (_subnet, _prefix, external) => ({
    external_gateway_info: { network_id: external, external_fixed_ips: [{ ip_address: '192.0.2.1' }] },
  }),
  floating_ip_address: () => ({ floating_ip_address: '192.0.2.1' }),
}
const collections: Record<string, string> = { network: 'networks', port: 'ports', router: 'routers', floatingip: 'floating-ips' }

/** Tries each rule of the table by the operation that asks it; gives what was wrong. */
async function tryAttributes(cloud: TestCloud, table: typeof byRule, shared: boolean): Promise<{ wrong: string[]; asked: number }> {
  const stage = await buildStage(cloud)
  const { admin } = cloud
  const [external] = (await admin.get('/network/v2.0/networks?router:external=true')).body.networks
  const prefix = shared ? '10.201.0' : '10.202.0'
  const by = async (path: string, body: object) =>
    Object.values(
      await asked(cloud, shared ? await admin.token() : (await stage.token('user'))!, 'POST', `/network/v2.0/${path}`, body),
    )[0] as { id: string }
  const ground = (await by('networks', { network: { name: 'ground', ...(shared ? { shared: true } : {}) } })).id
  const subnet = (await by('subnets', { subnet: { network_id: ground, ip_version: 4, cidr: `${prefix}.0/24` } })).id
  const port = shared ? null : (await by('ports', { port: { network_id: ground } })).id
  const wanted = table.flatMap(([, names]) => names.trim().split(/\s+/))
  const operations = wanted.map((name): Operation => {
    const rule = attributeRules.find((one) => one.name === name)!
    const [, verb = '', kind = ''] = /^(create|update|get)_(\w+):/.exec(name)!
    const id = `${collections[kind]}.${verb === 'get' ? 'show' : verb}`
    return { ...network.operations.find((operation) => operation.id === id)!, id: name, policy: rule }
  })
  return tryPersonas({
    url: cloud.url,
    operations,
    personas,
    mayDo: whoMay('', table),
    token: stage.token,
    async requestFor(operation) {
      const [, verb = '', kind = '', attribute = ''] = /^(create|update|get)_(\w+?):(.*)$/.exec(operation.id)!
      // A network that somebody has opened is seen by all: each request has its own.
      const plain = await stage.requestFor({ ...operation, id: `${collections[kind]}.${verb}` }, verb === 'update' && kind === 'network')
      const path = port && kind === 'port' && verb !== 'create' ? `/network/v2.0/ports/${port}` : plain.path
      if (verb === 'get') return { path }
      const given = values[attribute]?.(subnet, prefix, external.id) ?? { [attribute]: true }
      const base = verb === 'create' ? ((plain.body as Record<string, object>)[kind] ?? {}) : {}
      const on = kind === 'port' && verb === 'create' ? { network_id: ground } : {}
      return { path, body: { [kind]: { ...base, ...on, ...given } } }
    },
    // What may not be seen is not in the answer.
    isRefused: (answer, operation, name, path) =>
      operation.id.startsWith('get_')
        ? !answer.text.includes(`"${operation.id.replace(/^\w+?:/, '')}"`)
        : isRefusal(answer, operation, name, path) || (answer.status === 400 && /requires admin privileges/.test(answer.text)),
  })
}

test('every attribute that has a rule of its own, as every persona, on the own network', async (t) => {
  const told = new Set(byRule.flatMap(([, names]) => names.trim().split(/\s+/)))
  const names = attributeRules.map(({ name }) => name).filter((name) => name.includes(':'))
  assert.deepEqual(
    names.filter((name) => !told.has(name)),
    [],
    'say in the table who may',
  )
  await using cloud = await testCloud()
  const known = askedRules(cloud.cloud.policies.get('network')!)
  const { wrong, asked: count } = await tryAttributes(cloud, byRule, false)
  t.diagnostic(`${count} requests`)
  assert.deepEqual(wrong.slice(0, 20), [])
  assert.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
    'nothing asks these rules',
  )
})

test('what the owner of a shared network decides, others do not', async () => {
  await using cloud = await testCloud()
  const { wrong } = await tryAttributes(cloud, onShared, true)
  assert.deepEqual(wrong.slice(0, 20), [])
})

test('each attribute has its own rule', async () => {
  await using cloud = await testCloud({ policy: { 'get_port:binding:vif_type': '', 'get_network:provider:segmentation_id': '' } })
  const stage = await buildStage(cloud)
  const token = (await stage.token('reader of the project'))!
  const see = async (path: string, pattern: RegExp) => {
    const [first] = Object.values(await asked(cloud, token, 'GET', `/network/v2.0/${path}`))[0] as object[]
    return Object.keys(first!).filter((name) => pattern.test(name))
  }
  assert.deepEqual(await see('ports', /^binding:/), ['binding:vnic_type', 'binding:vif_type'])
  assert.deepEqual(await see('ports?fields=binding:vif_type&fields=binding:host_id', /^binding:/), ['binding:vif_type'])
  assert.deepEqual(await see('networks', /^provider:/), ['provider:segmentation_id'])
})
