// The mechanism fits another dialect than identity's, networking's (reference 13 and 14): what it makes of the JSON examples has the
// shape of the XML ones.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Comparison, type Deviations, referenceOperations, withoutReference } from '../../testing/examples.ts'
import type { XmlDialect } from './dialect.ts'
import { fromXml, parseXml } from './read.ts'
import { toXml } from './write.ts'

const network: XmlDialect = {
  namespace: 'http://openstack.org/quantum/api/v2.0',
  prefixes: {
    provider: 'http://docs.openstack.org/ext/provider/api/v1.0',
    router: 'http://docs.openstack.org/ext/neutron/router/api/v1.0',
    binding: 'http://docs.openstack.org/ext/binding/api/v1.0',
  },
  scalars: 'elements',
  typePrefix: 'quantum',
}
const provider = 'the JSON example is one without provider attributes'
const deviations: Deviations = {
  'network-v2.0.networks.list-networks': { nets: 'the root is called `networks` in all other sections' },
  'network-v2.0.networks.create-network': { 'network.provider:*': provider },
  'network-v2.0.subnets.bulk-create-subnet': { 'subnets[].name': 'the JSON example names no subnet' },
  'network-v2.0-ext.networks-provider-extended-attributes.create-network': { 'network.provider:*': provider },
}

test('XML of networking is written as the reference has it', { skip: withoutReference }, () => {
  const comparison = new Comparison(deviations)
  const plain = (text: string) => fromXml(parseXml(Buffer.from(text), network), undefined, network)
  for (const operation of referenceOperations('network-v2.0', 'network-v2.0-ext')) {
    for (const examples of [operation.requests, operation.responses]) {
      const json = examples.find(({ format }) => format === 'json')
      const xml = examples.find(({ format }) => format === 'xml')
      if (!json || !xml || json.doubtful || xml.doubtful) continue
      comparison.add(operation, { status: operation.codes[0] ?? 200, body: plain(toXml(network, json.value)) }, plain(xml.text))
    }
  }
  assert.ok(comparison.compared > 20)
  comparison.end()
})
