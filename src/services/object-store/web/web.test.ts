import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'
import { anonymous, withContainer } from '../testing.ts'

test('a container shows itself as a site', async () => {
  await using cloud = await testCloud()
  const { call, at } = await withContainer(cloud, 'site', {
    'x-container-read': '.r:*,.rlistings',
    'x-container-meta-web-index': 'index.html',
    'x-container-meta-web-error': 'error.html',
  })
  for (const name of ['index.html', 'sub/index.html', 'list/a', '404error.html']) await call('PUT', name, 201, { raw: name })
  const get = (path: string, expected: number) => anonymous(cloud, 'GET', `${at('')}${path}`, { expected })
  assert.equal((await get('', 301)).headers.get('location'), `${cloud.url}${at('')}/`)
  assert.equal((await get('/', 200)).text, 'index.html')
  assert.equal((await get('/sub', 301)).headers.get('location'), `${cloud.url}${at('sub')}/`)
  assert.equal((await get('/sub/', 200)).text, 'sub/index.html')
  assert.equal((await get('/nothing', 404)).text, '404error.html')
  assert.equal((await get('/list/', 404)).text, '404error.html')
  await call('POST', '', 204, { headers: { 'x-container-meta-web-listings': 'true', 'x-container-meta-web-listings-css': 'l.css' } })
  assert.match((await get('/list/', 200)).text, /href="\.\.\/l\.css".*<a href="a">a<\/a>/s)
  assert.equal((await call('GET', '', 200)).text.includes('404error.html\n'), true)
  assert.match((await call('GET', '/', 200, { headers: { 'x-web-mode': 'true' } }).catch(() => get('/', 200))).text, /index/)
})

test('pages of other origins see what the container lets them see', async () => {
  await using cloud = await testCloud()
  const { call, at } = await withContainer(cloud, 'open', {
    'x-container-read': '.r:*',
    'x-container-meta-access-control-allow-origin': 'http://a.example http://b.example',
    'x-container-meta-access-control-max-age': '60',
  })
  await call('PUT', 'o', 201, { raw: 'x' })
  const ask = (origin: string, method: string, expected: number) =>
    anonymous(cloud, 'OPTIONS', at('o'), {
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-auth-token' },
      expected,
    })
  const { headers } = await ask('http://a.example', 'PUT', 200)
  assert.deepEqual(
    ['allow-origin', 'max-age', 'allow-headers'].map((n) => headers.get(`access-control-${n}`)),
    ['http://a.example', '60', 'x-auth-token'],
  )
  await ask('http://c.example', 'PUT', 401)
  await ask('http://a.example', 'TRACE', 401)
  const got = (origin: string) => anonymous(cloud, 'GET', at('o'), { headers: { origin }, expected: 200 })
  assert.equal((await got('http://b.example')).headers.get('access-control-allow-origin'), 'http://b.example')
  assert.equal((await got('http://c.example')).headers.get('access-control-allow-origin'), null)
})

test('a signed form stores its files, another does not', async () => {
  await using cloud = await testCloud()
  const { call, at } = await withContainer(cloud, 'things', { 'x-container-meta-temp-url-key': 'key' })
  const form = async (fields: Record<string, string>, files: [string, string][], expected: number, prefix = 'up/') => {
    const path = at(prefix).replace('/object-store', '')
    const end = fields.expires ?? String(Math.floor(Date.now() / 1000) + 60)
    const all: Record<string, string> = { redirect: '', max_file_size: '1000', max_file_count: '2', expires: end, ...fields }
    all.signature ??= createHmac('sha256', 'key')
      .update([path, all.redirect, all.max_file_size, all.max_file_count, end].join('\n'))
      .digest('hex')
    const boundary = '----b0undary'
    const parts = [
      ...Object.entries(all).map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
      ...files.map(
        ([name, text], i) =>
          `--${boundary}\r\nContent-Disposition: form-data; name="file${i}"; filename="${name}"\r\nContent-Type: text/x\r\n\r\n${text}\r\n`,
      ),
      `--${boundary}--\r\n`,
    ]
    return anonymous(cloud, 'POST', at(prefix), {
      raw: parts.join(''),
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      expected,
    })
  }
  await form(
    {},
    [
      ['a', 'text'],
      ['b', '\r\n--x\r\n'],
    ],
    201,
  )
  assert.equal((await call('GET', 'up/a', 200)).text, 'text')
  assert.equal((await call('GET', 'up/b', 200)).text, '\r\n--x\r\n')
  await form({}, [['empty', '']], 201)
  assert.equal((await call('GET', 'up/empty', 200)).text, '')
  const sent = await form({ redirect: 'http://page.example/done?x=1' }, [['c', 'text']], 303)
  assert.equal(sent.headers.get('location'), 'http://page.example/done?x=1&status=201&message=')
  await form({ signature: '0'.repeat(64) }, [['d', 'text']], 401)
  await form({ expires: '1000' }, [['d', 'text']], 401)
  await form({}, [['d', 'x'.repeat(1001)]], 413)
  await form(
    { max_file_count: '1' },
    [
      ['e', 'x'],
      ['f', 'x'],
    ],
    400,
  )
  await form({}, [], 400)
  await call('GET', 'up/d', 404)
  await call('GET', 'up/f', 404)
})
