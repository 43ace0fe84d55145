// A signed request of which one part is another one proves nothing, whichever part and whichever version of signatures it is.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { isS3Signed, isSigned, type SignedRequest, s3SignedAt, signedAt } from './signature.ts'

const secret = 'secret'
const access = 'access'
const now = Date.parse('2026-11-30T12:00:00Z')
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
const basic = (ms: number) => iso(ms).replace(/[-:]/g, '')
const hmac = (key: string | Buffer, text: string, algorithm = 'sha256') => createHmac(algorithm, key).update(text).digest()
const quote = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** All versions that EC2 clients have had. 0 and 1 leave out host, verb and path. */
function query(version: '0' | '1' | '2', method: 'HmacSHA1' | 'HmacSHA256'): SignedRequest {
  const params: Record<string, string> = {
    AWSAccessKeyId: access,
    Action: 'DescribeInstances',
    'Filter.1.Value': 'a b/ü',
    SignatureMethod: method,
    SignatureVersion: version,
    Timestamp: iso(now),
  }
  const names = Object.keys(params).sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  const text = {
    '0': params.Action! + params.Timestamp!,
    '1': names.map((name) => name + params[name]).join(''),
    '2': `GET\ncloud:8773\n/services/Cloud\n${Object.keys(params)
      .sort()
      .map((name) => `${quote(name)}=${quote(params[name]!)}`)
      .join('&')}`,
  }[version]
  const signature = hmac(secret, text, version === '2' && method === 'HmacSHA256' ? 'sha256' : 'sha1').toString('base64')
  return { access, signature, host: 'cloud:8773', verb: 'GET', path: '/services/Cloud', params, headers: {} }
}

function v4(parts: { signed?: string[]; service?: string; end?: string } = {}): SignedRequest {
  const { signed = ['host', 'x-amz-date', 'x-amz-target'], service = 'ec2', end = 'aws4_request' } = parts
  const time = basic(now)
  const scope = [time.slice(0, 8), 'region', service, end]
  const body_hash = createHash('sha256').update('Action=Foo').digest('hex')
  const headers: Record<string, string> = { host: 'cloud', 'x-amz-date': time, 'x-amz-target': 'Cloud.Foo' }
  const canonical = ['GET', '/', 'Action=Foo', signed.map((name) => `${name}:${headers[name]}\n`).join(''), signed.join(';'), body_hash]
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), createHash('sha256').update(canonical.join('\n')).digest('hex')].join('\n')
  let key = Buffer.from(`AWS4${secret}`)
  for (const part of scope) key = hmac(key, part)
  const signature = hmac(key, text).toString('hex')
  headers.Authorization = `AWS4-HMAC-SHA256 Credential=${access}/${scope.join('/')}, SignedHeaders=${signed.join(';')}, Signature=${signature}`
  return { access, signature, host: 'cloud', verb: 'GET', path: '/', params: { Action: 'Foo' }, headers, body_hash }
}

/** Every request that differs in one part from the given one. */
function* altered(request: SignedRequest): Generator<[what: string, SignedRequest]> {
  const others = {
    access: 'other',
    signature: `${request.signature.startsWith('A') ? 'B' : 'A'}${request.signature.slice(1)}`,
    host: 'elsewhere',
    verb: 'DELETE',
    path: '/services/Admin',
  }
  for (const [name, value] of Object.entries(others)) yield [name, { ...request, [name]: value }]
  yield ['a shorter signature', { ...request, signature: request.signature.slice(0, -1) }]
  yield ['no signature', { ...request, signature: '' }]
  if (request.body_hash) for (const body_hash of ['f'.repeat(64), '', undefined]) yield ['body_hash', { ...request, body_hash }]
  for (const [name, value] of Object.entries(request.params)) {
    yield [`parameter ${name} changed`, { ...request, params: { ...request.params, [name]: `${value}2` } }]
    const { [name]: _, ...rest } = request.params
    if (name !== 'SignatureMethod') yield [`parameter ${name} gone`, { ...request, params: rest }]
  }
  yield ['a parameter more', { ...request, params: { ...request.params, More: 'x' } }]
  for (const [name, value] of Object.entries(request.headers)) {
    if (name === 'host') continue // what `host` says counts
    const other = name === 'Authorization' ? value.replace('/region/', '/noiger/') : `${value}2`
    yield [`header ${name} changed`, { ...request, headers: { ...request.headers, [name]: other } }]
    const { [name]: _, ...rest } = request.headers
    yield [`header ${name} gone`, { ...request, headers: rest }]
  }
}

test('one part that is another one, and nothing is proven', () => {
  for (const request of [query('2', 'HmacSHA1'), query('2', 'HmacSHA256'), v4()]) {
    assert.equal(isSigned(secret, request), true)
    assert.equal(signedAt(request), now)
    for (const [what, other] of altered(request)) assert.equal(isSigned(secret, other), false, what)
    assert.equal(isSigned('other', request), false)
    assert.equal(isSigned('', request), false)
  }
})

test('signatures that leave parts of the request out prove nothing', () => {
  for (const version of ['0', '1'] as const) assert.equal(isSigned(secret, query(version, 'HmacSHA1')), false, version)
  for (const version of ['', '3', '2 ', '02', '2.0'])
    assert.equal(
      isSigned(secret, { ...query('2', 'HmacSHA256'), params: { ...query('2', 'HmacSHA256').params, SignatureVersion: version } }),
      false,
    )
  assert.equal(isSigned(secret, v4({ signed: ['x-amz-date'] })), false, 'without the host')
  assert.equal(isSigned(secret, v4({ service: 's3' })), false, 'of another service')
  assert.equal(isSigned(secret, v4({ end: 'aws4_other' })), false)
})

test('times are one moment, the one that was signed', () => {
  const request = v4()
  const at = (headers: Record<string, string>) => signedAt({ ...request, headers: { ...request.headers, ...headers } })
  assert.equal(at({}), now)
  for (const time of ['', 'now', '20261130', '2026-11-30T12:00:00Z', `${basic(now)} `, basic(now + 86_400_000)])
    assert.ok(Number.isNaN(at({ 'x-amz-date': time })), time) // also a day that is not that of the key
  const v2 = query('2', 'HmacSHA256')
  const stamped = (Timestamp: string) => signedAt({ ...v2, params: { ...v2.params, Timestamp } })
  assert.equal(stamped('2026-11-30T12:00:00'), now)
  assert.equal(stamped('2026-11-30T13:00:00+01:00'), now)
  assert.equal(stamped('2026-11-30T12:00:00.000Z'), now)
  // What a lenient reader would take for a time.
  for (const time of ['', 'now', '0', '12', 'Action 2026', '2026', 'x=1&y=2026-11-30', 'Mon, 30 Nov 2026 12:00:00 GMT'])
    assert.ok(Number.isNaN(stamped(time)), time)
  const { Timestamp: _, ...timeless } = v2.params
  assert.ok(Number.isNaN(signedAt({ ...v2, params: { ...timeless, Expires: '2026-11-30T13:00:00Z' } })))
})

test('an S3 text of version 2 says when it was signed in one of the forms of HTTP, and a presigned one never', () => {
  const text = (date: string, amazon = '') => `GET\n\n\n${date}\n${amazon}/bucket/key`
  const http = new Date(now).toUTCString()
  assert.equal(s3SignedAt(text(http)), now)
  assert.equal(s3SignedAt(text('', `x-amz-date:${http}\n`)), now)
  assert.equal(s3SignedAt(text(http.replace('GMT', '+0000'))), now)
  const expires = String(now / 1000 + 600)
  for (const other of [text(expires), text(expires, `x-amz-date:${http}\n`), text(''), text('2026'), text('Timestamp=x&y=12'), 'GET', ''])
    assert.ok(Number.isNaN(s3SignedAt(other)), other)
  // What was signed for EC2 with the same hash is no request to S3.
  const ec2 = query('2', 'HmacSHA1')
  const lines = `GET\ncloud:8773\n/services/Cloud\n${Object.keys(ec2.params)
    .sort()
    .map((name) => `${quote(name)}=${quote(ec2.params[name]!)}`)
    .join('&')}`
  assert.equal(isS3Signed(secret, lines, ec2.signature), true)
  assert.ok(Number.isNaN(s3SignedAt(lines)))
  for (const scope of [`${basic(now).slice(0, 8)}/r/ec2/aws4_request`, `${basic(now).slice(0, 8)}/r/s3/other`, 'x', ''])
    assert.equal(isS3Signed(secret, `AWS4-HMAC-SHA256\n${basic(now)}\n${scope}\nhash`, 'f'.repeat(64)), false)
})
