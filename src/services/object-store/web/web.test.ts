import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

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
