import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { withKey } from '../../../testing/object-store/s3.ts'

const code = (answer: { text: string }) => /<Code>(\w+)</.exec(answer.text)?.[1]

test('tags, access lists and what a bucket does not have', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text', headers: { 'x-amz-tagging': 'c=d%20e&a=b' } })
  assert.equal((await call('HEAD', '/bucket/o', 200)).headers.get('x-amz-tagging-count'), '2')
  assert.match((await call('GET', '/bucket/o?tagging', 200)).text, /<Key>a<\/Key>.*<Key>c<\/Key><Value>d e<\/Value>/)
  const tagging = (tags: string) => ({ raw: `<Tagging><TagSet>${tags}</TagSet></Tagging>` })
  const tag = (key: string) => `<Tag><Key>${key}</Key><Value>v &amp; w</Value></Tag>`
  await call('PUT', '/bucket/o?tagging', 200, tagging(tag('k')))
  assert.match((await call('GET', '/bucket/o?tagging', 200)).text, /<TagSet><Tag><Key>k<\/Key><Value>v &amp; w<\/Value><\/Tag><\/TagSet>/)
  assert.equal(code(await call('PUT', '/bucket/o?tagging', 400, tagging(tag('k') + tag('k')))), 'InvalidTag')
  assert.equal(code(await call('PUT', '/bucket/o?tagging', 400, tagging(tag('k').repeat(0) + tag('x'.repeat(129))))), 'InvalidTag')
  await call('DELETE', '/bucket/o?tagging', 204)
  assert.match((await call('GET', '/bucket/o?tagging', 200)).text, /<TagSet><\/TagSet>/)
  assert.equal(code(await call('GET', '/bucket?tagging', 404)), 'NoSuchTagSet')
  await call('PUT', '/bucket?tagging', 204, tagging(tag('k')))
  assert.match((await call('GET', '/bucket?tagging', 200)).text, /<Key>k<\/Key>/)
  await call('DELETE', '/bucket?tagging', 204)
  for (const [name, wanted] of Object.entries({
    policy: 'NoSuchBucketPolicy',
    lifecycle: 'NoSuchLifecycleConfiguration',
    cors: 'NoSuchCORSConfiguration',
    website: 'NoSuchWebsiteConfiguration',
    encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  })) {
    assert.equal(code(await call('GET', `/bucket?${name}`, 404)), wanted)
    assert.equal(code(await call('PUT', `/bucket?${name}`, 501, { raw: '<x/>' })), 'NotImplemented')
    await call('DELETE', `/bucket?${name}`, 204)
  }
  assert.match((await call('GET', '/bucket?requestPayment', 200)).text, /BucketOwner/)

  const sizes = await call('GET', '/bucket/o?attributes', 200, { headers: { 'x-amz-object-attributes': 'ObjectSize,ETag' } })
  assert.match(sizes.text, /<ETag>\w{32}<\/ETag><ObjectSize>4<\/ObjectSize>/)
})

test('conditions of a PUT are decided where the object is replaced', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const etag = (text: string) => `"${createHash('md5').update(text).digest('hex')}"`
  const racers = await Promise.all(
    ['1', '2', '3', '4'].map((raw) => call('PUT', '/bucket/lock', 200, { raw, headers: { 'if-none-match': '*' } }).catch(() => null)),
  )
  assert.equal(racers.filter(Boolean).length, 1)
  await call('PUT', '/bucket/o', 404, { raw: 'x', headers: { 'if-match': etag('text') } })
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  await call('PUT', '/bucket/o', 412, { raw: 'x', headers: { 'if-match': etag('other') } })
  await call('PUT', '/bucket/o', 200, { raw: 'new', headers: { 'if-match': etag('text') } })
  assert.equal((await call('GET', '/bucket/o', 200)).text, 'new')
})
