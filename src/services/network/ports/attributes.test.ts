import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'
import { eui64, parseCidr } from '../addresses/cidr.ts'

const v2 = '/network/v2.0'

test('a port has its own address in every subnet of automatic addresses, whatever fixed_ips asks for', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const subnet = async (fields: object) =>
    (await member.post(`${v2}/subnets`, { subnet: { network_id: network.id, ...fields } }, 201)).body.subnet
  const four = await subnet({ ip_version: 4, cidr: '10.0.0.0/24' })
  const auto = (cidr: string, mode: string) => subnet({ ip_version: 6, cidr, ipv6_address_mode: mode, ipv6_ra_mode: mode })
  const cidrs = ['2001:db8:1::/64', '2001:db8:2::/64']
  const [slaac] = [await auto(cidrs[0]!, 'slaac'), await auto(cidrs[1]!, 'dhcpv6-stateless')]
  const make = async (fixed_ips: object[] | undefined) =>
    (await member.post(`${v2}/ports`, { port: { network_id: network.id, fixed_ips } }, 201)).body.port
  const own = (mac: string) => cidrs.map((cidr) => eui64(parseCidr(cidr)!, mac))
  const addresses = (port: { fixed_ips: { ip_address: string }[] }) => port.fixed_ips.map(({ ip_address }) => ip_address)
  for (const asked of [[{ subnet_id: four.id }], [{ ip_address: '10.0.0.99' }], [], undefined, [{ subnet_id: slaac.id }]]) {
    const port = await make(asked)
    const six = addresses(port).filter((ip: string) => ip.includes(':'))
    assert.deepEqual(six.sort(), own(port.mac_address).sort(), JSON.stringify(asked))
    assert.equal(
      addresses(port).length - six.length,
      asked === undefined || (asked.length && !('subnet_id' in asked[0]! && asked[0].subnet_id === slaac.id)) ? 1 : 0,
    )
  }
  const port = await make([{ subnet_id: four.id }])
  const change = async (fixed_ips: object[]) => (await member.put(`${v2}/ports/${port.id}`, { port: { fixed_ips } }, 200)).body.port
  assert.deepEqual(addresses(await change([{ ip_address: '10.0.0.77' }])).sort(), ['10.0.0.77', ...own(port.mac_address)].sort())
  assert.deepEqual(addresses(await change([{ ip_address: own(port.mac_address)[1] }])).sort(), own(port.mac_address).sort())
  assert.deepEqual(addresses(await change([])).sort(), own(port.mac_address).sort())
})

test('port security goes off only when no group is on the port', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const { port } = (await member.post(`${v2}/ports`, { port: { network_id: network.id } }, 201)).body
  const change = (fields: object, expected: number) => member.put(`${v2}/ports/${port.id}`, { port: fields }, expected)
  const refused = (await change({ port_security_enabled: false }, 409)).body.NeutronError
  assert.equal(refused.type, 'PortSecurityPortHasSecurityGroup')
  const given = { port_security_enabled: false, security_groups: port.security_groups }
  assert.equal((await change(given, 400)).body.NeutronError.type, 'PortSecurityAndIPRequiredForSecurityGroups')
  await change({ port_security_enabled: false, security_groups: [] }, 200)
  assert.equal(
    (await change({ security_groups: port.security_groups }, 400)).body.NeutronError.type,
    'PortSecurityAndIPRequiredForSecurityGroups',
  )
})

test('DHCP options and kinds of NIC that no host knows are kept, and no host gets them', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  await member.post(`${v2}/subnets`, { subnet: { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' } }, 201)
  const extra_dhcp_opts = [
    { opt_name: 'test_option_1', opt_value: 'test_value_1', ip_version: 4 },
    { opt_name: '999', opt_value: 'x', ip_version: 4 },
    { opt_name: 'mtu', opt_value: '1400', ip_version: 4 },
  ]
  const { port } = (await member.post(`${v2}/ports`, { port: { network_id: network.id, extra_dhcp_opts } }, 201)).body
  assert.deepEqual(port.extra_dhcp_opts, extra_dhcp_opts)
  const bad = { opt_name: 'x\ndhcp-script=/bin/sh', opt_value: 'x' }
  await member.put(`${v2}/ports/${port.id}`, { port: { extra_dhcp_opts: [bad] } }, 400)
  await member.put(`${v2}/ports/${port.id}`, { port: { extra_dhcp_opts: [{ opt_name: 'a,b', opt_value: 'x' }] } }, 200)
  const metal = { network_id: network.id, 'binding:vnic_type': 'baremetal', 'binding:host_id': 'fake-1' }
  const made = (await cloud.admin.post(`${v2}/ports`, { port: metal }, 201)).body.port
  assert.deepEqual([made['binding:vnic_type'], made['binding:vif_type']], ['baremetal', 'binding_failed'])
  await member.post(`${v2}/ports`, { port: { network_id: network.id, 'binding:vnic_type': 'nothing' } }, 400)
})
