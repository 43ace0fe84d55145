import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { codeOf, withKey } from '../../../testing/object-store/s3.ts'

const etagOf = (text: string) => `"${createHash('md5').update(text).digest('hex')}"`
const versioned = { raw: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' }

test('a PUT asks for an ETag that is not there, or for one that is', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const put = async (expected: number, raw: string, headers: Record<string, string>) =>
    codeOf(await call('PUT', '/bucket/o', expected, { raw, headers }))
  assert.equal(await put(404, 'x', { 'if-match': '*' }), 'NoSuchKey')
  await put(200, '1', { 'if-none-match': etagOf('1') })
  assert.equal(await put(412, '2', { 'if-none-match': etagOf('1') }), 'PreconditionFailed')
  assert.equal(await put(412, '2', { 'if-none-match': '*' }), 'PreconditionFailed')
  await put(200, '2', { 'if-none-match': etagOf('other') })
  assert.equal(await put(412, '3', { 'if-match': etagOf('1') }), 'PreconditionFailed')
  await put(200, '3', { 'if-match': '*' })
  assert.equal((await call('GET', '/bucket/o', 200)).text, '3')
})

test('a removal asks for ETag, size and time of what is there; of what is not there nothing', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const gone = async (expected: number, headers: Record<string, string>) => codeOf(await call('DELETE', '/bucket/o', expected, { headers }))
  await gone(204, { 'if-match': etagOf('x') })
  const put = () => call('PUT', '/bucket/o', 200, { raw: 'text' })
  await put()
  const at = async () => (await call('HEAD', '/bucket/o', 200)).headers.get('last-modified')!
  assert.equal(await gone(412, { 'if-match': etagOf('x') }), 'PreconditionFailed')
  assert.equal(await gone(412, { 'x-amz-if-match-size': '5' }), 'PreconditionFailed')
  assert.equal(await gone(412, { 'x-amz-if-match-last-modified-time': 'Thu, 01 Jan 2015 00:00:00 GMT' }), 'PreconditionFailed')
  assert.equal(await gone(412, { 'if-match': etagOf('text'), 'x-amz-if-match-size': '5' }), 'PreconditionFailed')
  await gone(204, { 'if-match': etagOf('text'), 'x-amz-if-match-size': '4', 'x-amz-if-match-last-modified-time': await at() })
  await call('GET', '/bucket/o', 404)
  await put()
  const many = async (inner: string) => {
    const { text } = await call('POST', '/bucket?delete', 200, { raw: `<Delete><Object><Key>o</Key>${inner}</Object></Delete>` })
    return codeOf({ text }) ?? /<(Deleted)>/.exec(text)?.[1]
  }
  for (const inner of ['<ETag>x</ETag>', '<Size>5</Size>', '<LastModifiedTime>2015-01-01T00:00:00Z</LastModifiedTime>'])
    assert.equal(await many(inner), 'PreconditionFailed', inner)
  assert.equal(await many(`<ETag>${etagOf('text')}</ETag><Size>4</Size><LastModifiedTime>${await at()}</LastModifiedTime>`), 'Deleted')
  assert.equal(await many('<ETag>x</ETag>'), 'Deleted')

  await call('PUT', '/bucket?versioning', 200, versioned)
  await gone(204, { 'if-match': '*' })
  assert.doesNotMatch((await call('GET', '/bucket?versions', 200)).text, /DeleteMarker/)
  const version = (await put()).headers.get('x-amz-version-id')!
  await call('DELETE', `/bucket/o?versionId=${version}`, 412, { headers: { 'if-match': etagOf('x') } })
  await gone(204, { 'if-match': etagOf('text') })
  assert.equal(await gone(412, { 'if-match': etagOf('text') }), 'PreconditionFailed')
  await call('DELETE', `/bucket/o?versionId=${version}`, 204, { headers: { 'if-match': etagOf('text') } })
  await call('DELETE', `/bucket/o?versionId=${version}`, 204, { headers: { 'if-match': etagOf('x') } })
})

test('the same versions removed many times at once are removed', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket?versioning', 200, versioned)
  const wanted: string[] = []
  for (const key of ['a', 'b', 'c'])
    for (const raw of ['1', '2']) {
      const { headers } = await call('PUT', `/bucket/${key}`, 200, { raw })
      wanted.push(`<Object><Key>${key}</Key><VersionId>${headers.get('x-amz-version-id')}</VersionId></Object>`)
    }
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => call('POST', '/bucket?delete', 200, { raw: `<Delete>${wanted.join('')}</Delete>` })),
  )
  for (const { text } of answers) assert.equal(text.match(/<Deleted>/g)?.length, wanted.length, text)
  assert.doesNotMatch((await call('GET', '/bucket?versions', 200)).text, /<Version>|<DeleteMarker>/)
})
