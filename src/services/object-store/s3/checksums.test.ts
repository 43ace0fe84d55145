import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { hmac, sha256, withKey } from '../../../testing/object-store/s3.ts'
import { crc32c, crc64nvme } from './crc.ts'

const crc = (data: Buffer | string) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(data))
  return bytes.toString('base64')
}

test('the cyclic checksums give the values of their catalogue, in one piece or many', () => {
  const check = Buffer.from('123456789')
  assert.equal(crc32c(check), 0xe3069283)
  assert.deepEqual(crc64nvme(check), { high: 0xae8b1486, low: 0x0a799888 })
  const long = Buffer.alloc(1000, 'some bytes that do not repeat soon, ')
  assert.equal(crc32c(long.subarray(333), crc32c(long.subarray(0, 333))), crc32c(long))
  assert.deepEqual(crc64nvme(long.subarray(333), crc64nvme(long.subarray(0, 333))), crc64nvme(long))
})

test('a checksum in a header is verified, kept and given back', async () => {
  const { cloud, call, member } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const sum = createHash('sha256').update('text').digest('base64')
  const made = await call('PUT', '/bucket/o', 200, { raw: 'text', headers: { 'x-amz-checksum-sha256': sum } })
  assert.equal(made.headers.get('x-amz-checksum-sha256'), sum)
  const wrong = await call('PUT', '/bucket/wrong', 400, { raw: 'text', headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } })
  assert.match(wrong.text, /<Code>BadDigest</)
  await call('GET', '/bucket/wrong', 404)
  await call('PUT', '/bucket/two', 400, { raw: 'text', headers: { 'x-amz-checksum-sha256': sum, 'x-amz-checksum-crc32': crc('text') } })
  const got = await call('GET', '/bucket/o', 200, { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
  assert.deepEqual([got.headers.get('x-amz-checksum-sha256'), got.headers.get('x-amz-checksum-type')], [sum, 'FULL_OBJECT'])
  assert.equal((await call('GET', '/bucket/o', 200)).headers.get('x-amz-checksum-sha256'), null)
  await call('PUT', '/bucket/copy', 200, { headers: { 'x-amz-copy-source': '/bucket/o' } })
  const copy = await call('GET', '/bucket/copy', 200, { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
  assert.equal(copy.headers.get('x-amz-checksum-sha256'), sum)
  const swift = await member.request('GET', `/object-store/v1/AUTH_${member.login.projectId}/bucket/o`, { expected: 200 })
  assert.deepEqual(
    [...swift.headers.keys()].filter((name) => name.includes('sysmeta')),
    [],
  )
})

test('chunks with a trailer: the checksum behind the last chunk is verified, signed and unsigned', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const data = 'x'.repeat(70_000)
  const chunks = (pieces: string[], end: string) => `${pieces.map((p) => `${p.length.toString(16)}\r\n${p}\r\n`).join('')}0\r\n${end}\r\n`
  const headers = { 'x-amz-trailer': 'x-amz-checksum-crc32', 'x-amz-decoded-content-length': String(data.length) }
  const payload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  const good = chunks([data.slice(0, 65_536), data.slice(65_536)], `x-amz-checksum-crc32:${crc(data)}\r\n`)
  await call('PUT', '/bucket/o', 200, { payload, headers, raw: good })
  assert.equal((await call('GET', '/bucket/o', 200)).text, data)
  const code = async (raw: string, more: Record<string, string> = {}) =>
    /<Code>(\w+)</.exec((await call('PUT', '/bucket/bad', 400, { payload, headers: { ...headers, ...more }, raw })).text)?.[1]
  assert.equal(await code(chunks([data], 'x-amz-checksum-crc32:AAAAAA==\r\n')), 'BadDigest')
  assert.equal(await code(chunks([data], '')), 'MalformedTrailerError')
  assert.equal(await code(chunks([data], `x-amz-checksum-sha1:abc\r\n`)), 'MalformedTrailerError')
  assert.equal(await code(good.slice(0, 65_000)), 'IncompleteBody')
  assert.equal(await code(chunks([data.slice(1)], `x-amz-checksum-crc32:${crc(data.slice(1))}\r\n`)), 'IncompleteBody')
  assert.equal(await code(chunks([`${data}x`], `x-amz-checksum-crc32:${crc(`${data}x`)}\r\n`)), 'InvalidRequest')
  await call('GET', '/bucket/bad', 404)

  // Signed chunks, whose chain begins with the request's signature; the trailer ends it.
  const signedPut = async (spoil: (body: string) => string, expected: number) => {
    const at = Date.now()
    const date = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
    const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`
    const key = [date.slice(0, 8), 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>((k, part) => hmac(k, part), Buffer.from('AWS4SECRET'))
    const body = (seed: string) => {
      let previous = seed
      const sign = (piece: string) => {
        previous = hmac(key, `AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${scope}\n${previous}\n${sha256('')}\n${sha256(piece)}`).toString('hex')
        return `${piece.length.toString(16)};chunk-signature=${previous}\r\n${piece}${piece ? '\r\n' : ''}`
      }
      const chunked = sign(data.slice(0, 65_536)) + sign(data.slice(65_536)) + sign('')
      const trailer = `x-amz-checksum-crc32:${crc(data)}\n`
      const end = hmac(key, `AWS4-HMAC-SHA256-TRAILER\n${date}\n${scope}\n${previous}\n${sha256(trailer)}`).toString('hex')
      return spoil(`${chunked}${trailer.trim()}\r\nx-amz-trailer-signature:${end}\r\n\r\n`)
    }
    return call('PUT', '/bucket/signed', expected, { at, payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', headers, rawFrom: body })
  }
  await signedPut((body) => body.replace('xxx', 'xyx'), 403)
  await signedPut((body) => body.replace(/x-amz-trailer-signature:./, 'x-amz-trailer-signature:_'), 403)
  await signedPut((body) => body.replace(/x-amz-trailer-signature:.*\r\n/, ''), 403)
  await call('GET', '/bucket/signed', 404)
  await signedPut((body) => body, 200)
  assert.equal((await call('GET', '/bucket/signed', 200)).text, data)
})

test('an upload in parts has the checksum of its parts checksums', async () => {
  const { cloud, call } = await withKey()
  await using _ = cloud
  await call('PUT', '/bucket', 200)
  const begin = async (headers: Record<string, string>) =>
    /<UploadId>(\w+)</.exec((await call('POST', '/bucket/big?uploads', 200, { headers })).text)![1]!
  const id = await begin({ 'x-amz-checksum-algorithm': 'CRC32' })
  const put = await call('PUT', `/bucket/big?partNumber=1&uploadId=${id}`, 200, {
    raw: 'part',
    headers: { 'x-amz-checksum-crc32': crc('part') },
  })
  const body = (sum: string) =>
    `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${put.headers.get('etag')}</ETag><ChecksumCRC32>${sum}</ChecksumCRC32></Part></CompleteMultipartUpload>`
  await call('POST', `/bucket/big?uploadId=${id}`, 400, { raw: body(crc('other')) })
  const done = await call('POST', `/bucket/big?uploadId=${id}`, 200, { raw: body(crc('part')) })
  const whole = `${crc(Buffer.from(crc('part'), 'base64'))}-1`
  assert.ok(done.text.includes(`<ChecksumCRC32>${whole}</ChecksumCRC32>`))
  // The answer was lost: asked again it is the same.
  assert.equal((await call('POST', `/bucket/big?uploadId=${id}`, 200, { raw: body(crc('part')) })).text, done.text)
  const head = await call('HEAD', '/bucket/big', 200, { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
  assert.deepEqual([head.headers.get('x-amz-checksum-crc32'), head.headers.get('x-amz-checksum-type')], [whole, 'COMPOSITE'])
  // Replaced, its parts are gone; an empty bucket takes uploads that were begun with it.
  await call('PUT', '/bucket/big', 200, { raw: 'small' })
  assert.match((await call('GET', '/', 200)).text, /<Name>bucket<\/Name>/)
  await begin({})
  await call('DELETE', '/bucket/big', 204)
  await call('DELETE', '/bucket', 204)
  await call('PUT', '/bucket', 200)
  assert.doesNotMatch((await call('GET', '/bucket?uploads', 200)).text, /<Upload>/)
})
