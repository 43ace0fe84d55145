import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

const v2 = '/network/v2.0'

test('a walk through the pages, forwards and back, meets everything once while things come and go', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const names = Array.from({ length: 23 }, (_, i) => `n${String(i).padStart(2, '0')}`)
  await member.post(`${v2}/networks`, { networks: names.map((name) => ({ name })) }, 201)
  const walk = async (first: string, rel: string) => {
    const seen: string[][] = []
    for (let path: string | undefined = first; path; ) {
      const { body } = await member.get(path)
      seen.push(body.networks.map((network: { name: string }) => network.name))
      const href = body.networks_links?.find((link: { rel: string }) => link.rel === rel)?.href
      path = href?.slice(cloud.url.length)
      if (seen.length === 2) await member.post(`${v2}/networks`, { network: { name: 'n00a' } }, 201)
    }
    return seen
  }
  const query = 'router:external=false&sort_key=name&limit=5'
  const pages = await walk(`${v2}/networks?${query}`, 'next')
  assert.deepEqual(pages.flat(), names)
  const { body } = await member.get(`${v2}/networks?router:external=false&sort_key=name&sort_dir=desc&limit=1`)
  const back = await walk(`${v2}/networks?${query}&page_reverse=True&marker=${body.networks[0].id}`, 'previous')
  assert.deepEqual(back.reverse().flat(), ['n00', 'n00a', 'n00a', ...names.slice(1, -1)])
})

test('filters, fields and sorting', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  await member.post(`${v2}/networks`, { networks: [{ name: 'a' }, { name: 'b', admin_state_up: false }, { name: 'c', mtu: 1400 }] }, 201)
  const names = async (query: string) =>
    (await member.get(`${v2}/networks?router:external=false&${query}`)).body.networks.map((n: { name: string }) => n.name)
  assert.deepEqual(await names('name=a&name=c&sort_key=name&sort_dir=desc'), ['c', 'a'])
  assert.deepEqual(await names('admin_state_up=False'), ['b'])
  assert.deepEqual(await names('mtu=1400'), ['c'])
  assert.deepEqual(await names(`tenant_id=nobody`), [])
  assert.deepEqual((await member.get(`${v2}/networks?name=a&fields=id&fields=name`)).body.networks.map(Object.keys), [['id', 'name']])
  for (const bad of [
    'limit=-1',
    'limit=x',
    'sort_key=nothing',
    'sort_key=name&sort_dir=up',
    'marker=nowhere&limit=2',
    'mtu=x',
    'shared=maybe',
  ]) {
    assert.equal((await member.request('GET', `${v2}/networks?${bad}`)).status, 400, bad)
  }
})

test('ports are found by address, subnet, part of an address and group', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const { subnet } = (await member.post(`${v2}/subnets`, { subnet: { network_id: network.id, cidr: '10.0.0.0/24', ip_version: 4 } }, 201))
    .body
  const { port } = (await member.post(`${v2}/ports`, { port: { network_id: network.id, fixed_ips: [{ ip_address: '10.0.0.77' }] } }, 201))
    .body
  const found = async (query: string) => (await member.get(`${v2}/ports?${query}`)).body.ports.map(({ id }: { id: string }) => id)
  assert.deepEqual(await found('fixed_ips=ip_address=10.0.0.77'), [port.id])
  assert.deepEqual(await found('fixed_ips=ip_address%3D10.0.0.78'), [])
  assert.deepEqual(await found('fixed_ips=ip_address_substr=.7'), [port.id])
  assert.equal((await found(`fixed_ips=subnet_id=${subnet.id}`)).length, 2, 'and the DHCP port')
  assert.deepEqual(await found(`security_groups=${port.security_groups[0]}`), [port.id])
  assert.deepEqual(await found('device_owner=network:dhcp&mac_address=x'), [])
})

test('bad bodies get a 400 in the envelope of networking', async () => {
  await using cloud = await testCloud()
  const member = await cloud.as('member')
  for (const body of [
    {},
    { network: {}, networks: [{}] },
    { network: { nothing: 1 } },
    { network: { name: 'x'.repeat(256) } },
    { network: { mtu: 'big' } },
    { networks: [] },
    { network: { name: 5 } },
    [],
  ]) {
    const answer = await member.post(`${v2}/networks`, body)
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.equal(typeof answer.body.NeutronError.message, 'string')
  }
  const { network } = (await member.post(`${v2}/networks`, { network: {} }, 201)).body
  const stale = { headers: { 'if-match': 'revision_number=7' }, body: { network: { name: 'x' } } }
  assert.equal((await member.request('PUT', `${v2}/networks/${network.id}`, stale)).status, 412)
  await member.get(`${v2}/subnetpools`, 501)
  await member.get(`${v2}/nothing`, 404)
})
