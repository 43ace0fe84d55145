// The forms that bodies of the older APIs have in XML (reference 1 to 3, 13, 14 and 19), each written from JSON by an annotated schema and read
// back: what one service needs, the next has.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TSchema, Type } from 'typebox'
import { xml } from './annotation.ts'
import type { XmlDialect } from './dialect.ts'
import { fromXml, parseXml } from './read.ts'
import { toXml } from './write.ts'

const blockStorage: XmlDialect = {
  namespace: 'http://docs.openstack.org/openstack-block-storage/2.0/content',
  prefixes: { 'os-vol-host-attr': 'http://docs.openstack.org/openstack-block-storage/2.0/content/Volume_Host_Attribute.html' },
  scalars: 'attributes',
  entries: { name: 'meta', key: 'key' },
  links: 'atom',
  nulls: 'None',
}
const compute: XmlDialect = {
  namespace: 'http://docs.openstack.org/compute/api/v1.1',
  scalars: 'attributes',
  entries: { name: 'meta', key: 'key' },
  links: 'atom',
}
const telemetry: XmlDialect = {
  namespace: '',
  scalars: 'elements',
  item: 'item',
  entries: { name: 'item', key: 'key', value: 'value', inElements: true },
  nulls: 'nil',
  root: { list: 'values', object: 'value' },
}
const Text = Type.String()
const Metadata = Type.Record(Text, Text)
const Element = xml({ attribute: false }, Type.Integer())

interface Row {
  dialect: XmlDialect
  schema: TSchema
  json: unknown
  xml: string
  /** What is read back, where XML cannot tell. */
  read?: unknown
}

const limits = { name: 'limit', key: 'name', value: 'value' }
const Limit = Type.Object({ verb: Text, value: Type.Integer() })
const Address = Type.Object({ version: Type.Integer(), addr: Text })

const rows: Record<string, Row> = {
  'a volume: texts as attributes, metadata, an empty list, a null, a prefix': {
    dialect: blockStorage,
    schema: Type.Object({
      volume: Type.Object({
        id: Text,
        size: Type.Integer(),
        snapshot_id: Type.Union([Text, Type.Null()]),
        'os-vol-host-attr:host': Text,
        attachments: Type.Array(Type.Object({ device: Text })),
        metadata: Metadata,
      }),
    }),
    json: {
      volume: { id: 'v', size: 2, snapshot_id: null, 'os-vol-host-attr:host': 'h', attachments: [], metadata: { contents: 'junk' } },
    },
    xml: '<volume xmlns="http://docs.openstack.org/openstack-block-storage/2.0/content" xmlns:os-vol-host-attr="http://docs.openstack.org/openstack-block-storage/2.0/content/Volume_Host_Attribute.html" id="v" size="2" snapshot_id="None" os-vol-host-attr:host="h"><attachments/><metadata><meta key="contents">junk</meta></metadata></volume>',
    read: {
      volume: { id: 'v', size: 2, snapshot_id: 'None', 'os-vol-host-attr:host': 'h', attachments: [], metadata: { contents: 'junk' } },
    },
  },
  'a volume type: entries that are called otherwise': {
    dialect: blockStorage,
    schema: Type.Object({
      volume_type: Type.Object({ name: Text, extra_specs: xml({ entries: { name: 'extra_spec', key: 'key' } }, Metadata) }),
    }),
    json: { volume_type: { name: 'SSD', extra_specs: { capabilities: 'gpu' } } },
    xml: '<volume_type xmlns="http://docs.openstack.org/openstack-block-storage/2.0/content" name="SSD"><extra_specs><extra_spec key="capabilities">gpu</extra_spec></extra_specs></volume_type>',
  },
  'a quota set: numbers as elements, the id as an attribute, another namespace': {
    dialect: blockStorage,
    schema: Type.Object({
      quota_set: xml({ namespace: 'http://example.com/quota' }, Type.Object({ id: Text, volumes: Element, gigabytes: Element })),
    }),
    json: { quota_set: { id: 't', volumes: 20, gigabytes: 5 } },
    xml: '<quota_set xmlns="http://example.com/quota" id="t"><volumes>20</volumes><gigabytes>5</gigabytes></quota_set>',
  },
  'QoS specs: an element around the one thing, names as elements, links left out': {
    dialect: blockStorage,
    schema: Type.Object({
      qos_specs: xml(
        { name: 'qos_spec', wrapper: 'qos_specs' },
        Type.Object({ id: Text, specs: xml({ entries: 'elements' }, Type.Record(Text, xml({ attribute: false }, Text))) }),
      ),
      links: xml({ omitted: true }, Type.Array(Type.Object({ rel: Text, href: Text }))),
    }),
    json: { qos_specs: { id: 'q', specs: { delay: '0', throughput: '100' } }, links: [{ rel: 'self', href: 'h' }] },
    xml: '<qos_specs xmlns="http://docs.openstack.org/openstack-block-storage/2.0/content"><qos_spec id="q"><specs><delay>0</delay><throughput>100</throughput></specs></qos_spec></qos_specs>',
    read: { qos_specs: { id: 'q', specs: { delay: '0', throughput: '100' } } },
  },
  'QoS specs to be set: names as attributes': {
    dialect: blockStorage,
    schema: Type.Object({ qos_specs: xml({ entries: 'elements' }, Metadata) }),
    json: { qos_specs: { delay: '2', throughput: '100' } },
    xml: '<qos_specs xmlns="http://docs.openstack.org/openstack-block-storage/2.0/content" delay="2" throughput="100"/>',
  },
  'limits: a list that is called otherwise, lists in it without an element around them, fixed names as entries': {
    dialect: blockStorage,
    schema: Type.Object({
      limits: xml(
        { namespace: 'http://docs.openstack.org/common/api/v1.0' },
        Type.Object({
          rate: xml(
            { name: 'rates', item: 'rate' },
            Type.Array(Type.Object({ uri: Text, limit: xml({ wrapped: false, item: 'limit' }, Type.Array(Limit)) })),
          ),
          absolute: xml({ entries: limits }, Type.Object({ maxTotalVolumes: Type.Integer(), totalVolumesUsed: Type.Integer() })),
        }),
      ),
    }),
    json: {
      limits: {
        rate: [
          {
            uri: '*',
            limit: [
              { verb: 'POST', value: 120 },
              { verb: 'PUT', value: 121 },
            ],
          },
        ],
        absolute: { maxTotalVolumes: 10, totalVolumesUsed: 0 },
      },
    },
    xml: '<limits xmlns="http://docs.openstack.org/common/api/v1.0"><rates><rate uri="*"><limit verb="POST" value="120"/><limit verb="PUT" value="121"/></rate></rates><absolute><limit name="maxTotalVolumes" value="10"/><limit name="totalVolumesUsed" value="0"/></absolute></limits>',
  },
  'an extension: one text as an element': {
    dialect: blockStorage,
    schema: Type.Object({ extensions: Type.Array(Type.Object({ alias: Text, description: xml({ attribute: false }, Text) })) }),
    json: { extensions: [{ alias: 'os-hosts', description: 'For administrators <only>.' }] },
    xml: '<extensions xmlns="http://docs.openstack.org/openstack-block-storage/2.0/content"><extension alias="os-hosts"><description>For administrators &lt;only&gt;.</description></extension></extensions>',
  },
  'addresses of a server: a map of lists, its names as ids': {
    dialect: compute,
    schema: Type.Object({
      addresses: xml({ entries: { name: 'network', key: 'id' } }, Type.Record(Text, xml({ item: 'ip' }, Type.Array(Address)))),
    }),
    json: {
      addresses: {
        public: [
          { version: 4, addr: '192.0.2.1' },
          { version: 6, addr: '2001:db8::1' },
        ],
        private: [],
      },
    },
    xml: '<addresses xmlns="http://docs.openstack.org/compute/api/v1.1"><network id="public"><ip version="4" addr="192.0.2.1"/><ip version="6" addr="2001:db8::1"/></network><network id="private"/></addresses>',
  },
  'a server to be made: a file whose content is the text of its element': {
    dialect: compute,
    schema: Type.Object({
      server: Type.Object({
        name: Text,
        personality: xml({ item: 'file' }, Type.Array(Type.Object({ path: Text, contents: xml({ text: true }, Text) }))),
        networks: Type.Array(Type.Object({ uuid: Text })),
      }),
    }),
    json: { server: { name: 's', personality: [{ path: '/etc/motd', contents: 'aGVsbG8=' }], networks: [{ uuid: 'n' }] } },
    xml: '<server xmlns="http://docs.openstack.org/compute/api/v1.1" name="s"><personality><file path="/etc/motd">aGVsbG8=</file></personality><networks><network uuid="n"/></networks></server>',
  },
  'an alarm: elements only, every list with the same items, nulls marked': {
    dialect: telemetry,
    schema: Type.Object({
      alarm_id: Type.Union([Text, Type.Null()]),
      enabled: Type.Boolean(),
      ok_actions: Type.Array(Text),
    }),
    json: { alarm_id: null, enabled: true, ok_actions: ['http://site:8000/ok'] },
    xml: '<value><alarm_id nil="true"/><enabled>true</enabled><ok_actions><item>http://site:8000/ok</item></ok_actions></value>',
  },
  'samples: a bare list, data as pairs of elements': {
    dialect: telemetry,
    schema: Type.Array(Type.Object({ meter: Text, volume: Type.Number(), metadata: Metadata })),
    json: [{ meter: 'cpu', volume: 1.5, metadata: { name1: 'value1', name2: '' } }],
    xml: '<values><value><meter>cpu</meter><volume>1.5</volume><metadata><item><key>name1</key><value>value1</value></item><item><key>name2</key><value/></item></metadata></value></values>',
  },
}

for (const [name, row] of Object.entries(rows))
  test(name, () => {
    const written = toXml(row.dialect, row.json, row.schema)
    assert.equal(written.slice(written.indexOf('\n') + 1), row.xml)
    assert.deepEqual(fromXml(parseXml(Buffer.from(written), row.dialect), row.schema, row.dialect), row.read ?? row.json)
  })

test('names that are data never reach a prototype', () => {
  const { dialect, schema } = rows['samples: a bare list, data as pairs of elements']!
  const text = '<values><value><metadata><item><key>__proto__</key><value>x</value></item></metadata></value></values>'
  assert.throws(() => fromXml(parseXml(Buffer.from(text), dialect), schema, dialect), { status: 400 })
  const typed = rows['a volume type: entries that are called otherwise']!
  const specs = '<volume_type><extra_specs><extra_spec key="__proto__">x</extra_spec></extra_specs></volume_type>'
  assert.throws(() => fromXml(parseXml(Buffer.from(specs), typed.dialect), typed.schema, typed.dialect), { status: 400 })
})
