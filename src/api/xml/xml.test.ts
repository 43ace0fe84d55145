import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import type { Fault } from '../faults.ts'
import { xml } from './annotation.ts'
import { isXml, wantsXml, type XmlDialect } from './dialect.ts'
import { fromXml, parseXml } from './read.ts'
import { toXml } from './write.ts'

const old: XmlDialect = {
  namespace: 'http://example.com/v1',
  prefixes: { EXT: 'http://example.com/ext' },
  scalars: 'attributes',
  entries: { name: 'meta', key: 'key' },
  links: 'atom',
}
const typed: XmlDialect = { namespace: 'http://example.com/net', scalars: 'elements', typePrefix: 'q', nulls: 'xsi:nil' }
const Url = Type.Object({ url: Type.String() })
const Service = Type.Object({ type: Type.String(), endpoints: xml({ wrapped: false }, Type.Array(Url)) })
const thing = Type.Object({
  thing: Type.Object({
    metadata: Type.Record(Type.String(), Type.String()),
    catalog: xml({ item: 'service' }, Type.Array(Service)),
    names: Type.Array(Type.String()),
    file: Type.Object({ path: Type.String(), contents: xml({ text: true }, Type.String()) }),
  }),
})
const start = '<?xml version="1.0" encoding="UTF-8"?>\n'
const read = (text: string, schema?: object, dialect = old) => fromXml(parseXml(Buffer.from(text), dialect), schema, dialect)

test('values are attributes, lists have their items with or without an element of their own, and names of users are attributes', () => {
  const body = {
    thing: {
      id: 1,
      on: true,
      none: null,
      'EXT:mode': 'a"<\n',
      'un known': 'x',
      metadata: { 'a b': '<1>', c: 'd' },
      catalog: [{ type: 't', endpoints: [{ url: 'u' }, { url: 'v' }] }],
      names: ['n', '$& $1'],
      file: { path: '/p', contents: 'text & more' },
      links: [{ rel: 'self', href: 'h' }],
    },
    things_links: [{ rel: 'next', href: '$&' }],
  }
  assert.equal(
    toXml(old, body, thing),
    `${start}<thing xmlns="http://example.com/v1" xmlns:EXT="http://example.com/ext" xmlns:atom="http://www.w3.org/2005/Atom" id="1" on="true" EXT:mode="a&quot;&lt;&#10;"><item key="un known">x</item><metadata><meta key="a b">&lt;1&gt;</meta><meta key="c">d</meta></metadata><catalog><service type="t"><endpoint url="u"/><endpoint url="v"/></service></catalog><names><name>n</name><name>$&amp; $1</name></names><file path="/p">text &amp; more</file><atom:link rel="self" href="h"/><things_links><link rel="next" href="$&amp;"/></things_links></thing>`,
  )
  assert.equal(
    toXml(old, { things: [], links: { self: 's', next: null } }).slice(start.length),
    '<things xmlns="http://example.com/v1"><links><link rel="self" href="s"/></links></things>',
  )
  // Names that would stand twice, or mean something to XML itself.
  assert.equal(
    toXml(old, { t: { xmlns: 'evil', key: 'k', 'a b': { key: 'l', n: 1 } } }).slice(start.length),
    '<t xmlns="http://example.com/v1" key="k"><item key="xmlns">evil</item><item key="a b" n="1"><key>l</key></item></t>',
  )
  assert.equal(toXml(old, { a: 'x\u0000\ud800y' }).slice(start.length), '<a xmlns="http://example.com/v1">x\ufffd\ufffdy</a>')
})

test('a dialect of elements tells types', () => {
  assert.equal(
    toXml(typed, { net: { up: true, mtu: 1500, name: '', none: null, list: [], ids: ['a'], opts: {} } }).slice(start.length),
    '<net xmlns="http://example.com/net" xmlns:q="http://example.com/net" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><up q:type="bool">True</up><mtu q:type="int">1500</mtu><name/><none xsi:nil="true"/><list q:type="list"/><ids><id>a</id></ids><opts q:type="dict"/></net>',
  )
})

test('what is read has the types of the schema, whatever prefixes the client uses', () => {
  const schema = {
    type: 'object',
    properties: {
      thing: {
        type: 'object',
        properties: {
          on: { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
          size: { type: 'integer' },
          name: { type: 'string' },
          'EXT:mode': { type: 'string' },
          ids: { type: 'array', items: { type: 'string' } },
          parts: { type: 'array', xml: { wrapped: false }, items: { type: 'object', properties: { n: { type: 'integer' } } } },
          metadata: { type: 'object', patternProperties: { '.': { type: 'string' } } },
          file: { type: 'object', properties: { path: { type: 'string' }, contents: { type: 'string', xml: { text: true } } } },
          gone: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          options: { type: 'object', properties: {} },
        },
      },
    },
  }
  const text = `<?xml version="1.0" encoding="utf-8"?><!-- c --><x:thing xmlns:x="http://example.com/v1" xmlns:y="http://example.com/ext" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    on="False" size="12" y:mode="m&#233;" name="true"><x:ids><x:id>1</x:id></x:ids><part n="1"/><part n="x"/><metadata><meta key="on">true</meta></metadata><file path="/p"><![CDATA[<b>]]></file><gone xsi:nil="true"/><options/></x:thing>`
  assert.deepEqual(read(text, schema), {
    thing: {
      on: false,
      size: 12,
      'EXT:mode': 'mé',
      name: 'true',
      ids: ['1'],
      parts: [{ n: 1 }, { n: 'x' }],
      metadata: { on: 'true' },
      file: { path: '/p', contents: '<b>' },
      gone: null,
      options: {},
    },
  })
  assert.deepEqual(
    read(
      '<q:nets xmlns:q="http://example.com/net"><net q:type="dict"><up q:type="bool">True</up></net></q:nets>',
      { properties: { nets: { type: 'array', items: { type: 'object', properties: { up: { type: 'boolean' } } } } } },
      typed,
    ),
    {
      nets: [{ up: true }],
    },
  )
  // Without a schema: as it looks.
  assert.deepEqual(read('<a><b><c>x</c></b><d n="1"/><d n="2"/><d/></a>'), { a: { b: { c: 'x' }, d: [{ n: '1' }, { n: '2' }, ''] } })
  assert.deepEqual(read('<a b="1"><cs><c>x</c><c>y</c></cs><d><e>z</e></d></a>'), { a: { b: '1', cs: ['x', 'y'], d: { e: 'z' } } })
})

test('text where elements belong is not passed over', () => {
  const schema = Type.Object({ a: Type.Object({ names: Type.Array(Type.String()), of: Type.Object({ b: Type.String() }) }) })
  // The schema refuses these, which are no list and no object.
  assert.deepEqual(read('<a><names>x</names><of>y</of></a>', schema), { a: { names: 'x', of: 'y' } })
  assert.deepEqual(read('<a>x</a>', schema), { a: 'x' })
  assert.throws(() => read('<a>x<names/></a>', schema), { status: 400 })
  assert.throws(() => read('<a b="1">x</a>', schema), { status: 400 })
})

test('bodies that expand, refer, nest or go wrong are refused', () => {
  const many = '<a>'.repeat(40) + '</a>'.repeat(40)
  for (const text of [
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    '<a>&unknown;</a>',
    '<a>&#0;</a>',
    '<a b="1" b="2"/>',
    '<a><b/><b/><c/></a>',
    '<a><b></a></b>',
    '<a/><b/>',
    '<a',
    'text',
    '<x:a/>',
    '<a __proto__="1"/>',
    '<?xml version="1.0" encoding="UTF-16"?><a/>',
    many,
    `<a>${'<b/>'.repeat(20_001)}</a>`,
    `<a ${Array.from({ length: 501 }, (_, i) => `a${i}=""`).join(' ')}/>`,
    `<a ${Array.from({ length: 501 }, (_, i) => `xmlns:a${i}="u"`).join(' ')}/>`,
  ])
    assert.throws(
      () => read(text, { properties: { a: { type: 'object', properties: { b: { type: 'string' } } } } }),
      (fault: Fault) => fault.status === 400,
      text.slice(0, 60),
    )
  assert.throws(() => parseXml(Buffer.from([60, 97, 62, 0xff, 60, 47, 97, 62]), old), { status: 400 })
})

test('XML is given to those who ask for it and not for JSON', () => {
  for (const accept of [
    'application/xml',
    'text/xml',
    'application/json;q=0.5, application/xml',
    'application/vnd.openstack.x+xml',
    '*/*, application/xml',
  ])
    assert.ok(wantsXml(accept), accept)
  for (const accept of [
    undefined,
    '*/*',
    'application/json',
    'application/json, application/xml',
    'application/xml;q=0',
    'text/html,application/xml;q=0.9',
  ])
    assert.ok(!wantsXml(accept), accept)
  assert.ok(isXml('application/xml; charset=utf-8') && isXml('text/xml') && !isXml('application/json') && !isXml(undefined))
})
