import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { addKey, encode, sha256, withKey } from '../../../testing/object-store/s3.ts'

test('buckets and objects over S3 are containers and objects over Swift', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  // The same again changes nothing.
  await call('PUT', '/bucket', 200)
  assert.match((await call('PUT', '/bucket', 409, { headers: { 'x-amz-acl': 'public-read' } })).text, /<Code>BucketAlreadyExists</)
  const etag = `"${createHash('md5').update('text').digest('hex')}"`
  const put = await call('PUT', `/bucket/${encode('a b')}/${encode('ü+~')}`, 200, {
    raw: 'text',
    headers: { 'x-amz-meta-color': 'red', 'content-type': 'text/x' },
  })
  assert.equal(put.headers.get('etag'), etag)
  const swift = await member.request('GET', `/object-store/v1/AUTH_${member.login.projectId}/bucket/${encode('a b')}/${encode('ü+~')}`, {
    expected: 200,
  })
  assert.deepEqual([swift.text, swift.headers.get('x-object-meta-color')], ['text', 'red'])
  const got = await call('GET', `/bucket/${encode('a b')}/${encode('ü+~')}`, 206, { headers: { range: 'bytes=1-2' } })
  assert.deepEqual([got.text, got.headers.get('etag'), got.headers.get('x-amz-meta-color')], ['ex', etag, 'red'])
  await call('PUT', '/bucket/copy', 200, { headers: { 'x-amz-copy-source': `/bucket/${encode('a b')}/${encode('ü+~')}` } })
  const list = await call('GET', '/bucket?list-type=2&delimiter=%2F&max-keys=1', 200)
  assert.match(list.text, /<KeyCount>1<\/KeyCount>.*<IsTruncated>true<.*<NextContinuationToken>.*<CommonPrefixes><Prefix>a b\/<\/Prefix>/s)
  const token = /<NextContinuationToken>(.*?)</.exec(list.text)![1]!
  assert.match(
    (await call('GET', `/bucket?continuation-token=${token}&delimiter=%2F&list-type=2`, 200)).text,
    /<Key>copy<\/Key>.*<Size>4</s,
  )
  assert.match((await call('GET', '/', 200)).text, /<Name>bucket<\/Name>/)
  await call('DELETE', '/bucket', 409)
  const gone = await call('POST', '/bucket?delete', 200, {
    raw: '<Delete><Object><Key>copy</Key></Object><Object><Key>a b/ü+~</Key></Object></Delete>',
  })
  assert.equal(gone.text.match(/<Deleted>/g)?.length, 2)
  assert.match((await call('GET', '/bucket/copy', 404)).text, /<Code>NoSuchKey<\/Code>/)
  await call('DELETE', '/bucket', 204)
  assert.match((await call('GET', '/bucket', 404)).text, /<Code>NoSuchBucket<\/Code>/)
})

test('an upload in parts becomes one object, and leaves nothing when it is given up', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const begin = async () =>
    /<UploadId>(\w+)</.exec((await call('POST', '/bucket/big?uploads', 200, { headers: { 'x-amz-meta-a': 'b' } })).text)![1]!
  const id = await begin()
  const parts = [Buffer.alloc(5 * 1024 * 1024, 'one'), Buffer.from('two')]
  const etags: string[] = []
  for (const [i, raw] of parts.entries())
    etags.push((await call('PUT', `/bucket/big?partNumber=${i + 1}&uploadId=${id}`, 200, { raw })).headers.get('etag')!)
  assert.match((await call('GET', `/bucket/big?uploadId=${id}`, 200)).text, /<PartNumber>2<\/PartNumber>/)
  const body = (list: number[]) =>
    `<CompleteMultipartUpload>${list.map((i) => `<Part><PartNumber>${i}</PartNumber><ETag>${etags[i - 1]}</ETag></Part>`).join('')}</CompleteMultipartUpload>`
  await call('POST', `/bucket/big?uploadId=${id}`, 400, { raw: body([2, 1]) })
  await call('POST', `/bucket/big?uploadId=${id}`, 400, { raw: body([1, 3]) })
  const done = await call('POST', `/bucket/big?uploadId=${id}`, 200, { raw: body([1, 2]) })
  const sums = createHash('md5')
  for (const part of parts) sums.update(createHash('md5').update(part).digest())
  const etag = `${sums.digest('hex')}-2`
  assert.ok(done.text.includes(etag))
  const got = await call('GET', '/bucket/big', 200)
  assert.equal(sha256(got.text), sha256(Buffer.concat(parts)))
  assert.deepEqual([got.headers.get('etag'), got.headers.get('x-amz-meta-a')], [`"${etag}"`, 'b'])
  const other = await begin()
  await call('PUT', `/bucket/big?partNumber=1&uploadId=${other}`, 200, { raw: 'x' })
  await call('DELETE', `/bucket/big?uploadId=${other}`, 204)
  await call('DELETE', '/bucket/big', 204)
  const { headers } = await member.request('HEAD', `/object-store/v1/AUTH_${member.login.projectId}`)
  assert.deepEqual([headers.get('x-account-object-count'), headers.get('x-account-bytes-used')], ['0', '0'])
})

test('a signature holds for that request, that key and that time', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  const code = (answer: { text: string }) => /<Code>(\w+)</.exec(answer.text)?.[1]
  assert.equal(code(await call('GET', '/bucket/o', 403, { secret: 'WRONG' })), 'SignatureDoesNotMatch')
  assert.equal(code(await call('GET', '/bucket/o', 403, { access: 'NOBODY' })), 'InvalidAccessKeyId')
  assert.equal(code(await call('GET', '/bucket/o', 403, { at: Date.now() - 3_600_000 })), 'RequestTimeTooSkewed')
  assert.equal(code(await call('GET', '/bucket/o', 403, { sent: { url: '/object-store/bucket/p' } })), 'SignatureDoesNotMatch')
  await call('GET', '/bucket/o', 403, { sent: { method: 'DELETE' } })
  await call('GET', '/bucket/o', 403, { sent: { url: '/object-store/bucket/o?acl' } })
  assert.equal(
    code(await call('PUT', '/bucket/o', 403, { raw: 'text', sent: { headers: { 'x-amz-copy-source': '/bucket/other' } } })),
    'AccessDenied',
  )
  assert.equal(code(await call('PUT', '/bucket/o', 400, { raw: 'text', sent: { raw: 'other' } })), 'XAmzContentSHA256Mismatch')
  assert.equal((await call('GET', '/bucket/o', 200)).text, 'text')
  const reader = await cloud.as('reader')
  await addKey(reader, 'AKREADER', 'R')
  await call('GET', '/bucket/o', 200, { access: 'AKREADER', secret: 'R' })
  await call('PUT', '/bucket/o', 403, { raw: 'x', access: 'AKREADER', secret: 'R' })
  const stranger = await cloud.as('member', 'project-2')
  await addKey(stranger, 'AKOTHER', 'O')
  await call('GET', '/bucket/o', 403, { access: 'AKOTHER', secret: 'O' })
})

test('security 17: XML with a document type, entities or depth is refused before anything is read', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  const laughs = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'
  for (const raw of [
    laughs,
    '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>',
    '<!DOCTYPE d SYSTEM "http://127.0.0.1/d.dtd"><Delete><Object><Key>o</Key></Object></Delete>',
    '<Delete><Object><Key>&undefined;</Key></Object></Delete>',
    '<Delete><Object><Key><![CDATA[o]]></Key></Object></Delete>',
    '<Delete><Object><Key>o</Object></Delete>',
    '<Delete><Object><Key>o</Key></Object></Delete><Delete/>',
    `${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}`,
    '<Delete xmlns:xi="http://www.w3.org/2001/XInclude"><Object><Key><xi:include href="file:///etc/passwd"/></Key></Object></Delete>',
    '<Other/>',
    'text',
  ])
    assert.match((await call('POST', '/bucket?delete', 400, { raw })).text, /<Code>MalformedXML<\/Code>/)
  await call('GET', '/bucket/o', 200)
})
