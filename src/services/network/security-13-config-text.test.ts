import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'
import { isServed } from './wire/dhcp-options.ts'

const v2 = '/network/v2.0'
const hostile = ['x\ny', 'x\ry', 'x\u0000y', 'x\u2028y', 'a,b\nlog-queries', '10.0.0.1\ndhcp-script=/bin/sh', '"', 'x"y', 'x\\y', 'x#y']

test('no text that could be a line of its own reaches the configuration of a daemon', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const subnet = { network_id: network.id, cidr: '10.0.0.0/24', ip_version: 4 }
  for (const text of hostile) {
    const bodies: [path: string, body: object][] = [
      ['ports', { port: { network_id: network.id, extra_dhcp_opts: [{ opt_name: text, opt_value: 'x' }] } }],
      ['ports', { port: { network_id: network.id, extra_dhcp_opts: [{ opt_name: 'bootfile-name', opt_value: text }] } }],
      ['ports', { port: { network_id: network.id, dns_name: text } }],
      ['ports', { port: { network_id: network.id, mac_address: text } }],
      ['ports', { port: { network_id: network.id, fixed_ips: [{ ip_address: text }] } }],
      ['ports', { port: { network_id: network.id, allowed_address_pairs: [{ ip_address: text }] } }],
      ['networks', { network: { dns_domain: text } }],
      ['subnets', { subnet: { ...subnet, cidr: text } }],
      ['subnets', { subnet: { ...subnet, gateway_ip: text } }],
      ['subnets', { subnet: { ...subnet, dns_nameservers: [text] } }],
      ['subnets', { subnet: { ...subnet, host_routes: [{ destination: text, nexthop: '10.0.0.9' }] } }],
      ['subnets', { subnet: { ...subnet, host_routes: [{ destination: '10.1.0.0/24', nexthop: text }] } }],
      ['subnets', { subnet: { ...subnet, allocation_pools: [{ start: text, end: '10.0.0.9' }] } }],
    ]
    for (const [path, body] of bodies) assert.equal((await member.post(`${v2}/${path}`, body)).status, 400, JSON.stringify(body))
    if (/[\n\r\0\u2028]/.test(text)) assert.equal((await member.post(`${v2}/networks`, { network: { name: text } })).status, 400)
  }
  for (const opt_name of ['0', '255', '999', 'dhcp-script', 'nonsense']) {
    const body = { port: { network_id: network.id, extra_dhcp_opts: [{ opt_name, opt_value: 'x' }] } }
    const { port } = (await member.post(`${v2}/ports`, body, 201)).body
    assert.deepEqual(port.extra_dhcp_opts.filter(isServed), [], opt_name)
  }
})

test('options are laid over those that are there, and go without a value', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const options = [
    { opt_name: 'bootfile-name', opt_value: 'pxe.0' },
    { opt_name: '150', opt_value: '10.0.0.1' },
  ]
  const { port } = (await member.post(`${v2}/ports`, { port: { network_id: network.id, extra_dhcp_opts: options } }, 201)).body
  const change = {
    extra_dhcp_opts: [
      { opt_name: '150', opt_value: null },
      { opt_name: 'tftp-server', opt_value: '10.0.0.2' },
    ],
  }
  const changed = (await member.put(`${v2}/ports/${port.id}`, { port: change }, 200)).body.port
  assert.deepEqual(
    changed.extra_dhcp_opts.map((o: { opt_name: string }) => o.opt_name),
    ['bootfile-name', 'tftp-server'],
  )
})
