// Every attribute by which a list of networking says it can be filtered and sorted, tried on rows that differ in it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'
import { network as service } from '../index.ts'

const v2 = '/network/v2.0'
const common = ['fields', 'limit', 'marker', 'page_reverse', 'sort_key', 'sort_dir', 'sort']

type Row = Record<string, unknown>
const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)

test('each attribute of each list finds the things that have that value, sorts by it, and is shown alone', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const member = await cloud.as('member')
  const make = async (path: string, name: string, body: object, by = member) =>
    (await by.post(`${v2}/${path}`, { [name]: body }, 201)).body[name]
  const external = (await admin.get(`${v2}/networks?router:external=true`)).body.networks[0]
  const one = await make('networks', 'network', { name: 'a', description: 'first', dns_domain: 'a.example.', admin_state_up: false })
  const two = await make('networks', 'network', { name: 'b', mtu: 1400, shared: true, port_security_enabled: false }, admin)
  const four = await make('subnets', 'subnet', { network_id: one.id, ip_version: 4, cidr: '10.1.0.0/24', name: 's', enable_dhcp: false })
  const modes = { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' }
  await make('subnets', 'subnet', { network_id: two.id, ip_version: 6, cidr: 'fd00::/64', description: 'six', ...modes }, admin)
  const port = await make('ports', 'port', { network_id: one.id, name: 'p', description: 'x', dns_name: 'host', admin_state_up: false })
  const bound = { network_id: two.id, device_id: 'd', 'binding:vnic_type': 'direct', 'binding:host_id': 'fake-1' }
  await make('ports', 'port', { ...bound, device_owner: 'baremetal:none' }, admin)
  const info = { network_id: external.id }
  const router = await make('routers', 'router', { name: 'r', external_gateway_info: info, admin_state_up: false })
  await make('routers', 'router', { name: 's', description: 'other' }, admin)
  await member.put(`${v2}/routers/${router.id}/add_router_interface`, { subnet_id: four.id }, 200)
  await make('floatingips', 'floatingip', { floating_network_id: external.id, port_id: port.id, description: 'f' })
  await make('floatingips', 'floatingip', { floating_network_id: external.id }, admin)
  const group = await make('security-groups', 'security_group', { name: 'g', description: 'd' })
  const rule = { security_group_id: group.id, direction: 'ingress', protocol: 'tcp', port_range_min: 5, port_range_max: 9 }
  await make('security-group-rules', 'security_group_rule', { ...rule, remote_ip_prefix: '10.0.0.0/8', description: 'r' })
  await make('security-group-rules', 'security_group_rule', { ...rule, ethertype: 'IPv6', remote_group_id: group.id })
  await member.put(`${v2}/networks/${one.id}`, { network: { name: 'c' } }, 200)
  await cloud.settled()

  let tried = 0
  for (const { id, path, query } of service.operations) {
    const [, many] = /^\/([a-z-]+)$/.exec(path) ?? []
    if (
      !id.endsWith('.list') ||
      !many ||
      !['networks', 'subnets', 'ports', 'routers', 'floating-ips', 'security-groups', 'security-group-rules'].some(
        (name) => `${name}.list` === id,
      )
    )
      continue
    const key = many.replaceAll('-', '_')
    const rowsOf = async (search: string): Promise<Row[]> => (await admin.get(`${v2}${path}?${search}`)).body[key]
    const all = await rowsOf('')
    assert.ok(all.length > 1, id)
    for (const name of Object.keys(query.properties).filter((name) => !common.includes(name))) {
      const values = [...new Set(all.map((row) => row[name]).filter(isPlain))]
      for (const value of values) {
        const found = await rowsOf(new URLSearchParams([[name, String(value)]]).toString())
        const expected = all.filter((row) => row[name] === value).map((row) => row.id)
        assert.deepEqual(
          found.map((row) => row.id),
          expected,
          `${id}?${name}=${value}`,
        )
        tried++
      }
      if (!values.length) continue
      const shown = await rowsOf(`fields=${name}`)
      assert.deepEqual(
        shown,
        all.map((row) => (name in row ? { [name]: row[name] } : {})),
        `${id}?fields=${name}`,
      )
      for (const direction of ['asc', 'desc']) {
        const sorted = (await admin.request('GET', `${v2}${path}?sort_key=${name}&sort_dir=${direction}`)).body[key]
        if (!sorted) continue
        const keys = (sorted as Row[])
          .map((row) => row[name])
          .filter(isPlain)
          .map((value) => (typeof value === 'string' ? value : Number(value)))
        const order = keys.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        assert.deepEqual(keys, direction === 'asc' ? order : order.reverse(), `${id} by ${name} ${direction}`)
        assert.equal(sorted.length, all.length)
      }
    }
  }
  assert.ok(tried > 120, `${tried} filters`)
})
