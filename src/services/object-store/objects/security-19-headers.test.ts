import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import net from 'node:net'
import { test } from 'node:test'
import { anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

/** Sends bytes as they are and gives the whole answer. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  socket.write(Buffer.from(text, 'latin1'))
  let answer = ''
  for await (const chunk of socket) answer += chunk.toString('latin1')
  return answer
}

const hostile = 'a"b\r\nX-Evil: 1\r\n\r\n<script>ü\u2028'

test('names and parameters never become headers or markup of an answer', async () => {
  await using cloud = await testCloud()
  const { at, call, member, account } = await withContainer(cloud, 'things', {
    'x-container-meta-web-listings': 'true',
    'x-container-read': '.r:*,.rlistings',
  })
  const name = encodeURIComponent(hostile)
  await call('PUT', name, 201, { raw: 'x' })
  await member.request('POST', account, { headers: { 'x-account-meta-temp-url-key': 'k' }, expected: 204 })
  const expires = Math.floor(Date.now() / 1000) + 100
  const path = `${at('')}/${hostile}`.replace('/object-store', '')
  const sig = createHmac('sha256', 'k').update(`GET\n${expires}\n${path}`).digest('hex')
  for (const more of ['', `&filename=${name}`, `&inline&filename=${name}`]) {
    const { headers } = await anonymous(cloud, 'GET', `${at(name)}?temp_url_sig=${sig}&temp_url_expires=${expires}${more}`, {
      expected: 200,
    })
    assert.equal(headers.get('x-evil'), null)
    assert.doesNotMatch(headers.get('content-disposition')!, /[\r\n]|filename="[^"]*"[^;"]+"/)
  }
  await call('COPY', name, 201, { headers: { destination: `things/${name}2` } })
  const page = await anonymous(cloud, 'GET', `${at('')}/`, { expected: 200 })
  assert.doesNotMatch(page.text, /<script>/)
  const missing = await anonymous(cloud, 'GET', at(`no${name}`), { expected: 404 })
  assert.doesNotMatch(missing.text, /<script>/)
  const { headers } = await anonymous(cloud, 'GET', `/object-store/v1/AUTH_${name}/c`, { expected: 401 })
  assert.match(headers.get('www-authenticate')!, /^Swift realm="AUTH_a%22b%0D%0AX-Evil%3A[^"]*", Keystone/)
  const listing = await call('GET', '?format=xml', 200).catch(() => member.request('GET', `${at('')}?format=xml`, { expected: 200 }))
  assert.doesNotMatch(listing.text, /<script>/)
})

test('bytes of headers come back as they were, and what is no header is refused', async () => {
  await using cloud = await testCloud()
  const { at, call, member } = await withContainer(cloud)
  const token = await member.token()
  const put = (more: string) =>
    raw(
      cloud.url,
      `PUT ${at('o')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token: ${token}\r\nContent-Length: 1\r\n${more}\r\n\r\nx`,
    )
  const utf8 = Buffer.from('grün ☃').toString('latin1')
  assert.match(await put(`X-Object-Meta-Name: ${utf8}`), /^HTTP\/1.1 201 /)
  const got = await raw(cloud.url, `HEAD ${at('o')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token: ${token}\r\n\r\n`)
  assert.ok(got.includes(`X-Object-Meta-Name: ${utf8}\r\n`))
  assert.match(await put('X-Object-Meta-Bad: a\0b'), /^HTTP\/1.1 400 /)
  assert.match(await put('X-Object-Meta-: empty'), /^HTTP\/1.1 400 /)
  await call('PUT', 'o', 400, { raw: 'x', headers: { 'x-object-meta-long': 'v'.repeat(257) } })
  await call('PUT', 'o', 400, { raw: 'x', headers: { [`x-object-meta-${'n'.repeat(129)}`]: 'v' } })
  await call('PUT', 'n'.repeat(1025), 400, { raw: 'x' })
  await member.request('PUT', at('').replace('things', 'c'.repeat(257)), { expected: 400 })
  for (const path of ['%00', '%ff']) await call('PUT', path, 412, { raw: 'x' })
  await call('PUT', '%zz', 201, { raw: 'x' })
  await call('GET', '%25zz', 200)
})
