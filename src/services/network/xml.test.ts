// Networking in XML (reference 13 and 14), beside JSON.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromXml, parseXml } from '../../api/xml/read.ts'
import { toXml } from '../../api/xml/write.ts'
import { Comparison, type Deviations, referenceOperations, withoutReference } from '../../testing/examples.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'
import { network as declaration } from './index.ts'
import { networkXml } from './wire/xml.ts'

async function send(cloud: TestCloud, method: string, path: string, body: string | undefined, expected: number) {
  const response = await fetch(`${cloud.url}/network/v2.0${path}`, {
    method,
    headers: {
      accept: 'application/xml',
      'x-auth-token': await cloud.admin.token(),
      ...(body === undefined ? {} : { 'content-type': 'application/xml' }),
    },
    body,
  })
  const text = await response.text()
  assert.equal(response.status, expected, text.slice(0, 400))
  if (text) assert.equal(response.headers.get('content-type'), 'application/xml')
  return text
}
/** What an answer says, by the schema of its operation. */
function understood(text: string, id: string): unknown {
  const { answer } = declaration.operations.find((operation) => operation.id === id)!
  return fromXml(parseXml(Buffer.from(text), networkXml), answer as object, networkXml)
}

test('networks, subnets, ports and routers are made, changed and shown in XML, and are the same in JSON', async () => {
  await using cloud = await testCloud()
  const ns = `xmlns="${networkXml.namespace}" xmlns:quantum="${networkXml.namespace}"`
  const router = `xmlns:router="${networkXml.prefixes!.router}"`
  const text = await send(
    cloud,
    'POST',
    '/networks',
    `<?xml version="1.0" encoding="UTF-8"?><network ${ns} ${router}><name>a &amp; b</name><admin_state_up quantum:type="bool">False</admin_state_up><router:external>True</router:external></network>`,
    201,
  )
  assert.match(text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<network xmlns="http:\/\/openstack.org\/quantum\/api\/v2.0" /)
  assert.match(
    text,
    /<name>a &amp; b<\/name>.*<admin_state_up quantum:type="bool">False<\/admin_state_up>.*<subnets quantum:type="list"\/>/,
  )
  assert.match(text, /<router:external quantum:type="bool">True<\/router:external>/)
  assert.match(text, /<provider:segmentation_id xsi:nil="true"\/>/)
  const { network } = understood(text, 'networks.create') as { network: { id: string } }
  assert.deepEqual((await cloud.admin.get(`/network/v2.0/networks/${network.id}`)).body, { network })
  const many =
    '<subnets><subnet><network_id>ID</network_id><cidr>10.1.0.0/24</cidr><ip_version>4</ip_version><dns_nameservers><dns_nameserver>192.0.2.1</dns_nameserver></dns_nameservers></subnet><subnet><network_id>ID</network_id><cidr>10.2.0.0/24</cidr><ip_version>4</ip_version><gateway_ip xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></subnet></subnets>'
  const made = understood(await send(cloud, 'POST', '/subnets', many.replaceAll('ID', network.id), 201), 'subnets.create')
  const { subnets } = made as { subnets: { id: string; gateway_ip: string | null; dns_nameservers: string[] }[] }
  assert.deepEqual(
    subnets.map((subnet) => [subnet.gateway_ip, subnet.dns_nameservers]),
    [
      ['10.1.0.1', ['192.0.2.1']],
      [null, []],
    ],
  )
  await send(
    cloud,
    'POST',
    '/ports',
    `<port><network_id>${network.id}</network_id><fixed_ips><fixed_ip><subnet_id>${subnets[0]!.id}</subnet_id><ip_address>10.1.0.9</ip_address></fixed_ip></fixed_ips></port>`,
    201,
  )
  await send(cloud, 'POST', '/routers', '<router><name>r</name></router>', 201)
  await send(cloud, 'PUT', `/networks/${network.id}`, '<network><name>new</name></network>', 200)
  for (const [path, id] of [
    ['/networks', 'networks.list'],
    ['/subnets', 'subnets.list'],
    ['/ports', 'ports.list'],
    ['/routers', 'routers.list'],
    ['/security-groups', 'security-groups.list'],
    [`/networks/${network.id}`, 'networks.show'],
  ] as const) {
    const json = (await cloud.admin.get(`/network/v2.0${path}`)).body
    assert.deepEqual(understood(await send(cloud, 'GET', path, undefined, 200), id), json, path)
  }
  await send(cloud, 'DELETE', `/subnets/${subnets[1]!.id}`, undefined, 204)
  assert.match(await send(cloud, 'GET', `/subnets/${subnets[1]!.id}`, undefined, 404), /<NeutronError [^>]*><type>SubnetNotFound<\/type>/)
  assert.match(await send(cloud, 'POST', '/networks', '<network><nonsense/></network>', 400), /<NeutronError .*nonsense/)
})

const provider = 'the JSON example is one without provider attributes'
const deviations: Deviations = {
  'network-v2.0.networks.list-networks': { nets: 'the root is called `networks` in all other sections' },
  'network-v2.0.networks.create-network': { 'network.provider:*': provider },
  'network-v2.0.subnets.bulk-create-subnet': { 'subnets[].name': 'the JSON example names no subnet' },
  'network-v2.0-ext.networks-provider-extended-attributes.create-network': { 'network.provider:*': provider },
}

test('what is made of the JSON examples has the shape of the XML ones', { skip: withoutReference }, () => {
  const comparison = new Comparison(deviations)
  const plain = (text: string) => fromXml(parseXml(Buffer.from(text), networkXml), undefined, networkXml)
  for (const operation of referenceOperations('network-v2.0', 'network-v2.0-ext')) {
    for (const examples of [operation.requests, operation.responses]) {
      const json = examples.find(({ format }) => format === 'json')
      const xml = examples.find(({ format }) => format === 'xml')
      if (!json || !xml || json.doubtful || xml.doubtful) continue
      comparison.add(operation, { status: operation.codes[0] ?? 200, body: plain(toXml(networkXml, json.value)) }, plain(xml.text))
    }
  }
  assert.ok(comparison.compared > 20)
  comparison.end()
})
