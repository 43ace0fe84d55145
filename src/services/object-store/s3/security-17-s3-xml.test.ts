// Security 17: bodies in XML are elements and text, few of them, and reading them leaves others their turn.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, withKey } from '../../../testing/object-store/s3.ts'
import { longestTurn, onThisMachine } from '../../../testing/turns.ts'
import { combined } from './checksums.ts'
import { parseXml } from './xml.ts'

const bodies = (element: string, inner: string) => [
  `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><${element}>&b;${inner}</${element}>`,
  `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><${element}>&x;${inner}</${element}>`,
  `<!DOCTYPE d SYSTEM "http://127.0.0.1/d.dtd"><${element}>${inner}</${element}>`,
  `<${element}>&undefined;${inner}</${element}>`,
  `<${element}>&#0;${inner}</${element}>`,
  `<${element}><![CDATA[o]]>${inner}</${element}>`,
  `<${element}><?php x ?>${inner}</${element}>`,
  `<${element}>${inner}`,
  `<${element}>${inner}</${element}><${element}/>`,
  `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`,
  `<${element}>${'<a/>'.repeat(8000)}${inner}</${element}>`,
  `<${element}>${'&amp;'.repeat(6000)}${inner}</${element}>`,
]

test('security 17: no entity, no document type, no depth and no flood of elements in any body', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  const id = /<UploadId>(\w+)</.exec((await call('POST', '/bucket/o?uploads', 200, {})).text)![1]!
  for (const [method, path, element, inner] of [
    ['POST', '/bucket?delete', 'Delete', `<Object><Key>o</Key></Object>`],
    ['POST', `/bucket/o?uploadId=${id}`, 'CompleteMultipartUpload', '<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>'],
    ['PUT', '/bucket?versioning', 'VersioningConfiguration', '<Status>Enabled</Status>'],
    ['PUT', '/bucket?acl', 'AccessControlPolicy', '<AccessControlList></AccessControlList>'],
    ['PUT', '/bucket/o?acl', 'AccessControlPolicy', '<AccessControlList></AccessControlList>'],
    ['PUT', '/bucket/o?tagging', 'Tagging', '<TagSet></TagSet>'],
    ['PUT', '/bucket?tagging', 'Tagging', '<TagSet></TagSet>'],
    ['PUT', '/made', 'CreateBucketConfiguration', '<LocationConstraint>us-east-1</LocationConstraint>'],
  ] as const)
    for (const raw of bodies(element, inner)) {
      // As many as a list of ten thousand parts has are read, and ignored.
      if (element === 'CompleteMultipartUpload' && raw.includes('<a/>')) continue
      const answer = await call(method, path, 400, { raw })
      assert.equal(codeOf(answer), 'MalformedXML', `${method} ${path} ${raw.slice(0, 60)}`)
    }
  await call('GET', '/bucket/o', 200)
  await call('GET', '/made', 404)
})

const part = (number: number) => `<Part><PartNumber>${number}</PartNumber><ETag>"${'a'.repeat(32)}"</ETag></Part>`
const parts = Array.from({ length: 10_000 }, (_, i) => part(i + 1)).join('')
const floods = [
  '<a/>'.repeat(1_000_000),
  `${parts}${part(10_001)}`,
  '&amp;'.repeat(200_000),
  `${'<Part>'.repeat(15)}${' x'.repeat(200_000)}`,
  `<a ${'b="c" '.repeat(200_000)}`,
  `<a${' '.repeat(1_000_000)}`,
]

test('security 17: a million elements are refused, and ten thousand parts looked through, without holding the loop', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const id = /<UploadId>(\w+)</.exec((await call('POST', '/bucket/big?uploads', 200, {})).text)![1]!
  const finish = async (inner: string) =>
    codeOf(await call('POST', `/bucket/big?uploadId=${id}`, 400, { raw: `<CompleteMultipartUpload>${inner}</CompleteMultipartUpload>` }))
  assert.equal(await finish(parts), 'InvalidPart')
  for (const inner of floods.slice(0, 2)) assert.equal(await finish(inner), 'MalformedXML', inner.slice(0, 40))
  // In this process the client works too: what the server does with a body is measured alone.
  for (const inner of [parts, ...floods]) {
    const turns = [
      await longestTurn(() => parseXml(`<x>${inner}</x>`, 90_001).catch(() => {})),
      await longestTurn(() => parseXml(`<x>${inner}</x>`, 90_001).catch(() => {})),
    ]
    assert.ok(Math.min(...turns) < onThisMachine(50), `${inner.slice(0, 40)}: ${turns.join(', ')} ms in one turn`)
  }
  const sums = Array.from({ length: 10_000 }, (_, i) => ({ algorithm: 'crc64nvme' as const, value: 'AAAAAAAAAAE=', size: 5_242_880 + i }))
  const turns = [await longestTurn(() => combined('crc64nvme', sums)), await longestTurn(() => combined('crc64nvme', sums))]
  assert.ok(Math.min(...turns) < onThisMachine(50), `${turns.join(', ')} ms in one turn`)
})
