// A body that is no UTF-8, or escapes what has none, is refused: decoded leniently, two different names would become one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../testing/test-cloud.ts'
import { parseJson } from './body.ts'
import { Fault } from './faults.ts'

test('security-25: halves of characters are a bad request, whole ones are not', async () => {
  for (const text of ['"\\ud800"', '["\\uDfff"]', '{"a":{"\\ud800":1}}', '{"a":"\\ude00\\ud83d"}', '"\\ud83d x"'])
    assert.throws(
      () => parseJson(Buffer.from(text), 'application/json'),
      (error) => error instanceof Fault && error.status === 400,
      text,
    )
  assert.deepEqual(parseJson(Buffer.from('["\\ud83d\\ude00", "\\\\ud800"]'), 'application/json'), ['😀', '\\ud800'])
  await using cloud = await testCloud()
  const ec2Credentials = {
    access: 'a',
    signature: 's',
    host: 'h',
    verb: 'GET',
    path: '/',
    params: { SignatureVersion: '2', More: '\ud800' },
  }
  await cloud.admin.post('/identity/v3/ec2tokens', { ec2Credentials }, 400)
})

test('security-25: bytes that are no UTF-8 are a bad request', async () => {
  for (const bytes of ['ff', 'c0af', 'eda080', 'f8888080', 'e28'].map((hex) => Buffer.from(hex, 'hex'))) {
    const body = Buffer.concat([Buffer.from('{"name":"'), bytes, Buffer.from('"}')])
    assert.throws(
      () => parseJson(body, 'application/json'),
      (error) => error instanceof Fault && error.status === 400,
    )
  }
  assert.deepEqual(parseJson(Buffer.from('{"name":"ü😀\u2028"}'), 'application/json'), { name: 'ü😀\u2028' })
  await using cloud = await testCloud()
  const response = await fetch(`${cloud.url}/image/v2/images`, {
    method: 'POST',
    headers: { 'x-auth-token': await cloud.admin.token(), 'content-type': 'application/json' },
    body: new Uint8Array(Buffer.from('{"name":"\xff"}', 'latin1')),
  })
  assert.equal(response.status, 400)
})
