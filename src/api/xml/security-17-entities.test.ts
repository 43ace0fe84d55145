import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../../testing/test-cloud.ts'
import type { Fault } from '../faults.ts'
import type { XmlDialect } from './dialect.ts'
import { parseXml } from './read.ts'

const dialect: XmlDialect = { namespace: 'http://example.com/v1', scalars: 'attributes' }
const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')
const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])

const refused: Record<string, string | Buffer> = {
  'a billion laughs': `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]><a>&l9;</a>`,
  'an external entity': '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
  'an external entity of a parameter': '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd">%x;]><a/>',
  'an external document type': '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
  'a document type in other letters': '<!doctype a><a/>',
  'an entity that nobody declared': '<a>&passwd;</a>',
  'an entity in an attribute': '<a b="&passwd;"/>',
  'UTF-16 with a mark': utf16('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
  'UTF-16 without one': Buffer.from('<a>text</a>', 'utf16le'),
  'another encoding': '<?xml version="1.0" encoding="UTF-7"?><a/>',
  'elements in elements': '<a>'.repeat(5000),
  'more elements than there are': `<a>${'<b/>'.repeat(50_000)}</a>`,
  'very many attributes': `<a ${Array.from({ length: 5000 }, (_, i) => `a${i}="1"`).join(' ')}/>`,
  'a NUL as a number': '<a>&#0;</a>',
  'bytes that are no text': Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]),
}

test('XML with document types, entities, other encodings or without end is refused', () => {
  for (const [kind, body] of Object.entries(refused))
    assert.throws(
      () => parseXml(Buffer.from(body), dialect),
      (fault: Fault) => fault.status === 400,
      kind,
    )
})

test('what would include a file, or tells of a style sheet, is text like any other', () => {
  const included = '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></a>'
  const [inner] = parseXml(Buffer.from(included), dialect).children
  assert.deepEqual([inner!.text, inner!.children], ['', []])
  assert.equal(parseXml(Buffer.from('<?xml-stylesheet href="file:///etc/passwd"?><a>&lt;&#x41;</a>'), dialect).text, '<A')
})

test('services that take XML answer all of that with 400 and nothing of the machine', async () => {
  await using cloud = await testCloud()
  const token = await cloud.admin.token()
  for (const path of ['/identity/v3/projects', '/identity/v2.0/tokens', '/compute/v2/servers'])
    for (const [kind, raw] of Object.entries(refused)) {
      const headers = { 'x-auth-token': token, 'content-type': 'application/xml', accept: 'application/xml' }
      const answer = await fetch(cloud.url + path, { method: 'POST', headers, body: raw })
      const text = await answer.text()
      assert.ok([400, 404, 413, 415].includes(answer.status), `${path}, ${kind}: ${answer.status} ${text.slice(0, 200)}`)
      assert.doesNotMatch(text, /root:/)
    }
})
