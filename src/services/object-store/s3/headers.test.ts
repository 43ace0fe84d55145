import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, withKey } from '../../../testing/object-store/s3.ts'

test('names of metadata keep what Swift would change, and what was not said is as S3 has it', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const headers = { 'x-amz-meta-my_key': 'v', 'x-amz-meta-my-key': 'w', 'x-amz-meta-__': 'x' }
  const shown = async (path: string) => {
    const head = await call('HEAD', path, 200)
    return [...head.headers].filter(([name]) => /^x-amz-meta-|^content-type$/.test(name))
  }
  const wanted = [
    ['content-type', 'binary/octet-stream'],
    ['x-amz-meta-__', 'x'],
    ['x-amz-meta-my-key', 'w'],
    ['x-amz-meta-my_key', 'v'],
  ]
  await call('PUT', '/bucket/o.txt', 200, { raw: Buffer.from('text'), headers })
  assert.deepEqual(await shown('/bucket/o.txt'), wanted)
  await call('PUT', '/bucket/copy', 200, { headers: { 'x-amz-copy-source': 'bucket/o.txt' } })
  assert.deepEqual(await shown('/bucket/copy'), wanted)
  const id = /<UploadId>(\w+)</.exec((await call('POST', '/bucket/big?uploads', 200, { headers, raw: Buffer.alloc(0) })).text)![1]!
  const part = await call('PUT', `/bucket/big?partNumber=1&uploadId=${id}`, 200, { raw: 'part' })
  const raw = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.get('etag')}</ETag></Part></CompleteMultipartUpload>`
  await call('POST', `/bucket/big?uploadId=${id}`, 200, { raw })
  assert.deepEqual(await shown('/bucket/big'), wanted)
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`x-amz-meta-n${i}`, 'x'.repeat(110)]))
  assert.equal(codeOf(await call('PUT', '/bucket/many', 400, { raw: 'x', headers: many })), 'MetadataTooLarge')
})

test('how a body came is no encoding of the object, wherever it stands in the list', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const started = (encoding: string) => call('POST', '/bucket/big?uploads', 200, { headers: { 'content-encoding': encoding } })
  for (const [sent, kept] of [
    ['gzip', 'gzip'],
    ['gzip,aws-chunked', 'gzip'],
    ['aws-chunked, gzip', 'gzip'],
    ['deflate, AWS-Chunked ,gzip', 'deflate, gzip'],
    ['aws-chunked,aws-chunked', null],
    ['aws-chunked', null],
  ] as const) {
    await call('PUT', '/bucket/o', 200, { raw: 'text', headers: { 'content-encoding': sent } })
    assert.equal((await call('HEAD', '/bucket/o', 200)).headers.get('content-encoding'), kept, sent)
    const id = /<UploadId>(\w+)</.exec((await started(sent)).text)![1]!
    const part = await call('PUT', `/bucket/big?partNumber=1&uploadId=${id}`, 200, { raw: 'part' })
    const raw = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.get('etag')}</ETag></Part></CompleteMultipartUpload>`
    await call('POST', `/bucket/big?uploadId=${id}`, 200, { raw })
    assert.equal((await call('HEAD', '/bucket/big', 200)).headers.get('content-encoding'), kept, sent)
  }
})

test('digests, dates and request ids: each fault by its name', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  for (const [md5, code] of [
    ['', 'InvalidDigest'],
    ['AWS HAHAHA', 'InvalidDigest'],
    ['YWJyYWNhZGFicmE=', 'InvalidDigest'],
    ['rL0Y20zC+Fzt72VPzMSk2A==', 'BadDigest'],
  ] as const)
    assert.equal(codeOf(await call('PUT', '/bucket/o', 400, { raw: 'text', headers: { 'content-md5': md5 } })), code, md5)
  for (const date of ['', 'Bad Date', 'Tue, 07 Jul 1950 21:53:04 GMT'])
    assert.equal(codeOf(await call('PUT', '/bucket/o', 403, { raw: 'text', headers: { 'x-amz-date': date } })), 'AccessDenied', date)
  const missing = await call('GET', '/bucket/none', 404)
  assert.equal(missing.headers.get('x-amz-request-id'), /<RequestId>(.+)<\/RequestId>/.exec(missing.text)?.[1])
  assert.ok((await call('GET', '/bucket', 200)).headers.get('x-amz-request-id'))
})
