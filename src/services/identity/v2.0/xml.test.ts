import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromXml, parseXml } from '../../../api/xml/read.ts'
import { type TestCloud, testCloud } from '../../../testing/test-cloud.ts'
import { v2Xml } from './xml.ts'

const ns = v2Xml.namespace

async function send(cloud: TestCloud, method: string, path: string, xml: string | undefined, expected: number, type = 'application/xml') {
  const response = await fetch(`${cloud.url}/identity${path}`, {
    method,
    headers: {
      accept: 'application/xml',
      'x-auth-token': await cloud.admin.token(),
      ...(xml === undefined ? {} : { 'content-type': type }),
    },
    body: xml,
  })
  const text = await response.text()
  assert.equal(response.status, expected, text.slice(0, 400))
  if (text) assert.equal(response.headers.get('content-type'), 'application/xml')
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
  return { text, value: text ? (fromXml(parseXml(Buffer.from(text), v2Xml), undefined, v2Xml) as any) : undefined }
}

test('v2.0 speaks XML in both directions', async () => {
  await using cloud = await testCloud()
  const auth = `<?xml version="1.0" encoding="UTF-8"?><auth xmlns="${ns}" tenantName="admin"><passwordCredentials username="admin" password="test-admin"/></auth>`
  const { text, value } = await send(cloud, 'POST', '/v2.0/tokens', auth, 200)
  assert.match(text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<access xmlns="http:\/\/docs.openstack.org\/identity\/api\/v2.0">/)
  assert.match(text, /<service type="identity" name="keystone"><endpoints_links\/><endpoint id="[^"]+" region="[^"]+" publicURL="/)
  assert.match(text, /<role id="[^"]+" name="admin"\/>/)
  assert.match(text, /<metadata is_admin="1"><roles><role>\w+<\/role>/)
  assert.equal(value.access.token.tenant.name, 'admin')
  await cloud.admin.request('GET', '/identity/v2.0/tenants', { headers: { 'x-auth-token': value.access.token.id }, expected: 200 })

  const made = await send(
    cloud,
    'POST',
    '/v2.0/tenants',
    `<tenant xmlns="${ns}" name="t &amp; t" enabled="true"><description>d</description></tenant>`,
    200,
  )
  assert.deepEqual(made.value.tenant, { id: made.value.tenant.id, name: 't & t', description: 'd', enabled: true })
  const user = await send(
    cloud,
    'POST',
    '/v2.0/users',
    `<user xmlns="${ns}" xmlns:adm="${v2Xml.prefixes!['OS-KSADM']}" name="u" email="e@example.com" enabled="true" adm:password="secret"/>`,
    200,
  )
  assert.equal(user.value.user.enabled, true)
  await cloud.admin.post('/identity/v2.0/tokens', { auth: { passwordCredentials: { username: 'u', password: 'secret' } } }, 200)
  const service = `<OS-KSADM:service xmlns="${ns}" xmlns:OS-KSADM="${v2Xml.prefixes!['OS-KSADM']}" type="dns" name="d"/>`
  assert.equal((await send(cloud, 'POST', '/v2.0/OS-KSADM/services', service, 200)).value['OS-KSADM:service'].type, 'dns')
  const template = `<t:endpointTemplate xmlns:t="${v2Xml.prefixes!['OS-KSCATALOG']}" id="5" type="dns" global="true" publicURL="http://h/v1"/>`
  const shown = (await send(cloud, 'POST', '/v2.0/OS-KSCATALOG/endpointTemplates', template, 201)).text
  assert.match(shown, /<OS-KSCATALOG:endpointTemplate xmlns=[^>]* id="5" [^>]*global="true"/)
  assert.match(
    (await send(cloud, 'GET', '/v2.0/tenants', undefined, 200)).text,
    /<tenants xmlns="[^"]+"><tenant .*<tenants_links\/><\/tenants>$/,
  )
  assert.match(
    (await send(cloud, 'GET', '/v2.0', undefined, 200)).text,
    /<version xmlns="[^"]+" id="v2.0" .*<media-types><media-type base="application\/json"/,
  )
})

test('faults are XML too, what is no plain XML is refused, and v3 speaks XML likewise', async () => {
  await using cloud = await testCloud()
  const fault = (await send(cloud, 'GET', '/v2.0/tenants/nowhere', undefined, 404)).value.error
  assert.deepEqual([fault.code, fault.title], ['404', 'Not Found'])
  for (const body of [
    '<auth',
    `<!DOCTYPE auth [<!ENTITY x SYSTEM "file:///etc/passwd">]><auth tenantName="&x;"/>`,
    `<auth xmlns="${ns}"><passwordCredentials username="admin"/></auth>`,
    `<other xmlns="${ns}"/>`,
  ])
    assert.equal((await send(cloud, 'POST', '/v2.0/tokens', body, 400)).value.error.title, 'Bad Request')
  await send(cloud, 'POST', '/v2.0/tokens', `<auth>${' '.repeat(300_000)}</auth>`, 413)
  await send(cloud, 'POST', '/v2.0/tokens', '<auth/>', 415, 'text/plain')
  // The other services know JSON only.
  await cloud.admin.request('POST', '/compute/v2.1/servers', {
    raw: '<server/>',
    headers: { 'content-type': 'application/xml' },
    expected: 415,
  })

  // v3 likewise.
  const made = await send(
    cloud,
    'POST',
    '/v3/projects',
    '<project xmlns="http://docs.openstack.org/identity/api/v3" name="p" enabled="false"><tags><tag>a</tag></tags></project>',
    201,
  )
  assert.match(made.text, /<project xmlns="http:\/\/docs.openstack.org\/identity\/api\/v3" .*enabled="false"/)
  assert.deepEqual((await cloud.admin.get('/identity/v3/projects?name=p')).body.projects[0].tags, ['a'])
  assert.match(
    (await send(cloud, 'GET', '/v3/projects?name=p', undefined, 200)).text,
    /<links><link rel="self" href="[^"]+\/v3\/projects\?name=p"\/><\/links><\/projects>$/,
  )
})
