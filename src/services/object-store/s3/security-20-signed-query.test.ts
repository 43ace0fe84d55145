// Security 20: what is signed is what is used, in the query of either version and with the host.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { test } from 'node:test'
import { canonicalQuery, codeOf, encode, hmac, sha256, withKey } from '../../../testing/object-store/s3.ts'

/** An address signed for the query as it will be sent, whatever way of writing it that is. */
function presign(url: string, path: string, sent: string, host = new URL(url).host): string {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
  const search = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encode(`AKTEST/${scope}`)}`,
    `X-Amz-Date=${date}`,
    'X-Amz-Expires=600',
    'X-Amz-SignedHeaders=host',
    sent,
  ].join('&')
  const canonical = ['GET', `/object-store${path}`, canonicalQuery(search), `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n')
  const key = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>((k, part) => hmac(k, part), Buffer.from('AWS4SECRET'))
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex')
  return `${url}/object-store${path}?${search}&X-Amz-Signature=${signature}`
}

function second(url: string, path: string, signed: string, sent = signed, key = 'SECRET'): string {
  const expires = Math.floor(Date.now() / 1000) + 600
  const text = `GET\n\n\n${expires}\n/object-store${path}${signed && `?${decodeURIComponent(signed)}`}`
  const signature = createHmac('sha1', key).update(text).digest('base64')
  return `${url}/object-store${path}?${sent}&AWSAccessKeyId=AKTEST&Expires=${expires}&Signature=${encodeURIComponent(signature)}`
}

test('a query is signed as it is read: plus signs, names that begin alike, repeated names, UTF-8', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  for (const key of ['a b', 'a%2Bb', 'a-b']) await call('PUT', `/bucket/${encode(decodeURIComponent(key))}`, 200, { raw: key })
  const keys = async (sent: string) => {
    const answer = await fetch(presign(cloud.url, '/bucket', sent))
    const text = await answer.text()
    assert.equal(answer.status, 200, `${sent}: ${text}`)
    return [...text.matchAll(/<Key>(.*?)</g)].map((match) => match[1])
  }
  assert.deepEqual(await keys('prefix=a+b'), ['a b'])
  assert.deepEqual(await keys('prefix=a%20b'), ['a b'])
  assert.deepEqual(await keys('prefix=a%2Bb'), ['a+b'])
  assert.deepEqual(await keys('a=1&a-b=2&prefix=a'), ['a b', 'a+b', 'a-b'])
  assert.deepEqual(await keys('a-b=2&a=1&prefix=a-'), ['a-b'])
  assert.deepEqual(await keys('prefix=a-&x=2&x=1&x=10&x'), ['a-b'])
  assert.deepEqual(await keys('prefix=%C3%BC'), [])
  // By header too.
  await call('GET', '/bucket?a=1&a-b=2&prefix=a+b', 200)
  // Bytes that are no UTF-8 would be read as something else.
  const odd = await fetch(presign(cloud.url, '/bucket', 'prefix=a').replace('prefix=a', 'prefix=%ff'))
  assert.deepEqual([odd.status, codeOf({ text: await odd.text() })], [400, 'InvalidURI'])
  for (const [from, to] of [
    ['prefix=a', 'prefix=b'],
    ['prefix=a', 'prefix=a&prefix=b'],
    ['prefix=a', 'prefix=b&prefix=a'],
    ['prefix=a', 'prefix=a&x=1'],
  ] as const)
    assert.equal((await fetch(presign(cloud.url, '/bucket', 'prefix=a').replace(from, to))).status, 403, to)
})

test('version 2 signs what it answers with, in UTF-8', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  const disposition = `response-content-disposition=${encode('attachment; filename="ü.txt"')}`
  const got = await fetch(second(cloud.url, '/bucket/o', disposition))
  assert.equal(got.status, 200, await got.clone().text())
  assert.equal(got.headers.get('content-disposition'), 'attachment; filename="ü.txt"')
  const fourth = await fetch(presign(cloud.url, '/bucket/o', disposition))
  assert.equal(fourth.headers.get('content-disposition'), 'attachment; filename="ü.txt"')
  assert.equal((await fetch(second(cloud.url, '/bucket/o', disposition, 'response-content-disposition=x'))).status, 403)
  assert.equal((await fetch(second(cloud.url, '/bucket/o', '', 'versionId=null'))).status, 403)
  // No line ends in a header of the answer.
  const split = await fetch(second(cloud.url, '/bucket/o', 'response-content-type=a%0D%0AX-Evil:%20b'))
  assert.deepEqual([split.status, split.headers.get('x-evil')], [400, null])
})

test('what version 2 does not sign is not added to an address', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200, { headers: { 'x-amz-object-ownership': 'BucketOwnerEnforced' } })
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  assert.equal((await fetch(second(cloud.url, '/bucket/o', ''))).status, 200)
  for (const [path, added] of [
    ['/bucket/', 'ownershipControls'],
    ['/bucket/', 'acl'],
    ['/bucket/o', 'attributes&x-id=1'],
  ] as const) {
    const answer = await fetch(second(cloud.url, path, '', added))
    assert.equal(answer.status, 403, added)
    const code = codeOf({ text: await answer.text() })
    assert.equal(code, added === 'acl' ? 'SignatureDoesNotMatch' : 'AccessDenied', added)
  }
})

test('a key with an empty secret signs nothing', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  const { identity } = cloud.cloud
  const { ec2 } = identity
  // As one that was made before identity refused them.
  identity.ec2 = async (access) => {
    const found = await ec2.call(identity, access)
    return found && { ...found, secret: '' }
  }
  assert.equal(codeOf(await call('GET', '/bucket/o', 403, { secret: '' })), 'InvalidAccessKeyId')
  const presigned = await fetch(second(cloud.url, '/bucket/o', 'versionId=null', undefined, ''))
  assert.deepEqual([presigned.status, codeOf({ text: await presigned.text() })], [403, 'InvalidAccessKeyId'])
})

test("a bucket's signature of version 2 may end in a slash that its address has not; a key's may not", async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket/o', 200, { raw: 'text' })
  const status = async (method: string, path: string, signed: string) => {
    const date = new Date().toUTCString()
    const signature = createHmac('sha1', 'SECRET').update(`${method}\n\n\n${date}\n/object-store${signed}`).digest('base64')
    const answer = await fetch(`${cloud.url}/object-store${path}`, { method, headers: { date, authorization: `AWS AKTEST:${signature}` } })
    return answer.status
  }
  for (const signed of ['/bucket', '/bucket/']) assert.equal(await status('GET', '/bucket', signed), 200)
  for (const signed of ['/bucket?acl', '/bucket/?acl']) assert.equal(await status('GET', '/bucket?acl', signed), 200)
  assert.equal(await status('PUT', '/second', '/second/'), 200)
  assert.equal(await status('GET', '/bucket/o', '/bucket/o'), 200)
  for (const [path, signed] of [
    ['/bucket/o', '/bucket/o/'],
    ['/bucket', '/bucket//'],
    ['/bucket', '/bucke/'],
    ['/bucket?acl', '/bucket/'],
  ] as const)
    assert.equal(await status('GET', path, signed), 403, signed)
})

test('headers in the query of an address of version 2 are signed as headers, and count', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const expires = Math.floor(Date.now() / 1000) + 600
  const put = async (signed: string, sent: string) => {
    const text = `PUT\n\n\n${expires}\n${signed}/object-store/bucket/o`
    const signature = encodeURIComponent(createHmac('sha1', 'SECRET').update(text).digest('base64'))
    const address = `${cloud.url}/object-store/bucket/o?AWSAccessKeyId=AKTEST&Expires=${expires}&Signature=${signature}${sent}`
    return (await fetch(address, { method: 'PUT', body: Buffer.from('text') })).status
  }
  const signed = 'x-amz-meta-colour:rüd\nx-amz-tagging:a=b\n'
  assert.equal(await put(signed, '&x-amz-tagging=a%3Db&x-amz-meta-colour=r%C3%BCd'), 200)
  assert.equal(Buffer.from((await call('HEAD', '/bucket/o', 200)).headers.get('x-amz-meta-colour')!, 'latin1').toString(), 'rüd')
  for (const sent of ['', '&x-amz-tagging=a%3Db', '&x-amz-tagging=a%3Dc&x-amz-meta-colour=r%C3%BCd'])
    assert.equal(await put(signed, sent), 403, sent)
  assert.equal(await put('', '&x-amz-meta-colour=red'), 403)
  assert.equal(await put('', ''), 200)
})

test('with a domain the bucket may stand in the host, and the signature holds for that bucket only', async () => {
  const { cloud, call } = await withKey({ s3Domain: 's3.example.com, other.example' })
  await using _ = cloud
  const names = ['bucket', 'dotted.name']
  for (const name of names) {
    await call('PUT', `/${name}`, 200)
    await call('PUT', `/${name}/v1/o`, 200, { raw: name })
  }
  const send = (address: string, host: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { port, pathname, search } = new URL(address)
      request({ host: '127.0.0.1', port, path: pathname + search, headers: { host } }, (answer) => {
        const pieces: Buffer[] = []
        answer.on('data', (piece) => pieces.push(piece))
        answer.on('end', () => resolve({ status: answer.statusCode!, text: Buffer.concat(pieces).toString() }))
      })
        .on('error', reject)
        .end()
    })
  const { port } = new URL(cloud.url)
  for (const name of names)
    for (const host of [`${name}.s3.example.com`, `${name}.s3.example.com:${port}`, `${name}.Other.Example`]) {
      const address = presign(cloud.url, '/v1/o', 'x=1', host)
      assert.deepEqual(await send(address, host), { status: 200, text: name })
      assert.match((await send(presign(cloud.url, '/', 'prefix=v1', host), host)).text, /<Key>v1\/o</)
      for (const other of ['other.s3.example.com', 's3.example.com', `${name}.s3.example.org`])
        assert.notEqual((await send(address, other)).status, 200, other)
    }
  const base = presign(cloud.url, '/bucket/v1/o', 'x=1', 's3.example.com')
  assert.equal((await send(base, 's3.example.com')).text, 'bucket')
})
