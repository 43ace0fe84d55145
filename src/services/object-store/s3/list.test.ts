import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { codeOf, withKey } from '../../../testing/object-store/s3.ts'

const texts = (xml: string, name: string) => [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'g'))].map((match) => match[1]!)

test('listings say what they were asked, and refuse what they cannot do', async () => {
  const { cloud, call, member } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  for (const key of ['bar', 'baz', 'foo', 'quxx']) await call('PUT', `/bucket/${key}`, 200, { raw: key })
  const first = (await call('GET', '/bucket?list-type=2&start-after=bar&max-keys=1', 200)).text
  assert.deepEqual([texts(first, 'Key'), texts(first, 'StartAfter'), texts(first, 'Owner')], [['baz'], ['bar'], []])
  const token = texts(first, 'NextContinuationToken')[0]!
  const next = (await call('GET', `/bucket?list-type=2&start-after=bar&continuation-token=${token}&fetch-owner=true`, 200)).text
  assert.deepEqual([texts(next, 'Key'), texts(next, 'StartAfter'), texts(next, 'ContinuationToken')], [['foo', 'quxx'], ['bar'], [token]])
  assert.deepEqual(texts(next, 'ID'), [member.login.userId, member.login.userId])
  // Listings and objects tell of one time.
  const shown = Date.parse((await call('HEAD', '/bucket/foo', 200)).headers.get('last-modified')!)
  assert.equal(Date.parse(texts(next, 'LastModified')[0]!), shown)
  const id = /<UploadId>(\w+)</.exec((await call('POST', '/bucket/o?uploads', 200, {})).text)![1]!
  for (const path of ['/bucket?', '/bucket?list-type=2&', '/bucket?versions&', '/bucket?uploads&', `/bucket/o?uploadId=${id}&`]) {
    const of = /uploads/.test(path) ? 'max-uploads' : /uploadId/.test(path) ? 'max-parts' : 'max-keys'
    for (const wrong of ['encoding-type=foo', 'encoding-type=', `${of}=-1`, `${of}=x`, `${of}=2147483648`, `${of}=`])
      assert.equal(codeOf(await call('GET', path + wrong, 400)), 'InvalidArgument', path + wrong)
    await call('GET', `${path}encoding-type=url`, 200)
  }
  assert.equal(codeOf(await call('GET', '/bucket?list-type=2&continuation-token=%7E', 400)), 'InvalidArgument')
  await call('GET', '/bucket?list-type=2&continuation-token=', 200)
})

test('buckets: by pages and by prefix; names as S3 has them', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  for (const name of ['a..b', 'a.-b', 'a-.b', 'foo_bar', 'Upper', '192.168.5.123', 'ab', '-abc', 'abc-', 'x'.repeat(64)])
    assert.equal(codeOf(await call('PUT', `/${name}`, 400)), 'InvalidBucketName', name)
  for (const name of ['one.a', 'one-b', 'two']) await call('PUT', `/${name}`, 200)
  await call('POST', '/two/o?uploads', 200, {})
  const page = async (query: string) => {
    const { text } = await call('GET', `/?${query}`, 200)
    return { names: texts(text, 'Name'), token: texts(text, 'ContinuationToken')[0] }
  }
  const first = await page('max-buckets=2')
  assert.deepEqual(first.names, ['one-b', 'one.a'])
  assert.deepEqual(await page(`max-buckets=2&continuation-token=${first.token}`), { names: ['two'], token: undefined })
  assert.deepEqual((await page('prefix=one')).names, ['one-b', 'one.a'])
  assert.equal(codeOf(await call('GET', '/?max-buckets=0', 400)), 'InvalidArgument')
  const made = (location: string) =>
    `<CreateBucketConfiguration><LocationConstraint>${location}</LocationConstraint></CreateBucketConfiguration>`
  await call('PUT', '/here', 200, { raw: made('RegionOne') })
  assert.match((await call('GET', '/here?location', 200)).text, />RegionOne</)
  assert.equal(codeOf(await call('PUT', '/there', 400, { raw: made('eu-west-1') })), 'InvalidLocationConstraint')
})

test('uploads in progress: by pages, by prefix and by folders', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const begin = async (key: string) => /<UploadId>(\w+)</.exec((await call('POST', `/bucket/${key}?uploads`, 200, {})).text)![1]!
  for (const key of ['a', 'a', 'b/1', 'b/2', 'c']) {
    const id = await begin(key)
    await call('PUT', `/bucket/${key}?partNumber=1&uploadId=${id}`, 200, { raw: 'x' })
  }
  const seen: string[] = []
  let from = ''
  for (let more = true; more; ) {
    const { text } = await call('GET', `/bucket?uploads&max-uploads=2${from}`, 200)
    seen.push(...texts(text, 'Key'))
    more = texts(text, 'IsTruncated')[0] === 'true'
    from = `&key-marker=${texts(text, 'NextKeyMarker')[0]}&upload-id-marker=${texts(text, 'NextUploadIdMarker')[0]}`
  }
  assert.deepEqual(seen, ['a', 'a', 'b/1', 'b/2', 'c'])
  const folders = (await call('GET', '/bucket?uploads&delimiter=%2F', 200)).text
  assert.deepEqual([texts(folders, 'Key'), texts(folders, 'CommonPrefixes')], [['a', 'a', 'c'], ['<Prefix>b/</Prefix>']])
  assert.deepEqual(texts((await call('GET', '/bucket?uploads&key-marker=a', 200)).text, 'Key'), ['b/1', 'b/2', 'c'])
  assert.deepEqual(texts((await call('GET', '/bucket?uploads&prefix=b%2F', 200)).text, 'Key'), ['b/1', 'b/2'])
})

test('a page of another origin hears that it may not ask, and an expectation that is not known is none', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const ask = async (headers: Record<string, string>) =>
    codeOf({ text: await (await fetch(`${cloud.url}/object-store/bucket/o`, { method: 'OPTIONS', headers })).text() })
  assert.equal(await ask({}), 'BadRequest')
  assert.equal(await ask({ origin: 'http://a', 'access-control-request-method': 'GET' }), 'AccessForbidden')
  for (const expect of ['200', '']) {
    const status = await new Promise((resolve, reject) => {
      const asked = request(`${cloud.url}/object-store/info`, { headers: { expect } }, (answer) => resolve(answer.resume().statusCode))
      asked.on('error', reject).end()
    })
    assert.equal(status, 200, `Expect: ${expect}`)
  }
})
