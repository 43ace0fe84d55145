import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { Persona } from '../../../testing/persona.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const encode = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

interface Options {
  raw?: string | Buffer
  headers?: Record<string, string>
  access?: string
  secret?: string
  at?: number
  payload?: string
  /** Sent instead of what was signed. */
  sent?: { method?: string; url?: string; headers?: Record<string, string>; raw?: string }
}

/** A request signed as AWS says it, written apart from the code that checks it. */
async function signed(cloud: TestCloud, method: string, path: string, options: Options = {}) {
  const { access = 'AKTEST', secret = 'SECRET', raw = '' } = options
  const [place = '', search = ''] = `/object-store${path}`.split('?')
  const date = new Date(options.at ?? Date.now()).toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
  const headers: Record<string, string> = {
    host: new URL(cloud.url).host,
    'x-amz-date': date,
    'x-amz-content-sha256': options.payload ?? sha256(raw),
    ...options.headers,
  }
  const names = Object.keys(headers).sort()
  const query = search
    .split('&')
    .filter(Boolean)
    .map((p) => (p.includes('=') ? p : `${p}=`))
    .sort()
    .join('&')
  const canonical = [
    method,
    place,
    query,
    ...names.map((n) => `${n}:${headers[n]}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n')
  const key = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>((k, part) => hmac(k, part), Buffer.from(`AWS4${secret}`))
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex')
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${access}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  const url = cloud.url + (options.sent?.url ?? `/object-store${path}`)
  const sentMethod = options.sent?.method ?? method
  const { host, ...rest } = { ...headers, ...options.sent?.headers }
  const body = options.sent?.raw ?? (raw === '' && sentMethod !== 'PUT' && sentMethod !== 'POST' ? undefined : raw)
  const answer = await fetch(url, { method: sentMethod, headers: rest, body })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

const addKey = (persona: Persona, access: string, secret: string) =>
  persona.post(
    '/identity/v3/credentials',
    {
      credential: {
        type: 'ec2',
        user_id: persona.login.userId,
        project_id: persona.login.projectId,
        blob: JSON.stringify({ access, secret }),
      },
    },
    201,
  )

async function withKey() {
  const cloud = await testCloud()
  const member = await cloud.as('member')
  await addKey(member, 'AKTEST', 'SECRET')
  const call = async (method: string, path: string, expected: number, options: Options = {}) => {
    const answer = await signed(cloud, method, path, options)
    assert.equal(answer.status, expected, `${method} ${path}: ${answer.text}`)
    return answer
  }
  return { cloud, member, call }
}

test('buckets and objects over S3 are containers and objects over Swift', async () => {
  const { cloud, member, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  await call('PUT', '/bucket', 409)
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
  await call('GET', '/bucket/o', 404, { access: 'AKOTHER', secret: 'O' })
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
