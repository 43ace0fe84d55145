// The examples of reference chapters 8 to 10, in JSON and XML.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromXml, parseXml } from '../../../api/xml/read.ts'
import { Comparison, type Deviations, type Example, referenceOperations, withoutReference } from '../../../testing/examples.ts'
import { replay, Things } from '../../../testing/identity/examples.ts'
import { ask, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { Access } from './schema.ts'
import { v2Xml } from './xml.ts'

const versions = 'the list with its 300 is what clients of today expect'
const done = '200 is what the services of the time, their clients and Tempest have'
const trust = 'only tokens of a trust have one, and trusts are of v3'
const ids = 'ids of endpoints are texts, but where a template was given a number'
const roleText = 'a role without a description has none'
const unversioned = 'addresses of some services have no version in them'
const given = 'the template of 10.2.6 was made without this address'
const deviations: Deviations = {
  'identity-v2.0.api-versions.list-versions': { status: versions, versions },
  'identity-v2.0.tokens.authenticate': { 'access.trust*': trust, 'access.serviceCatalog[].endpoints[].adminURL': given },
  'identity-v2.0-admin.tokens.authenticate-for-admin-api': { 'access.trust': trust },
  'identity-v2.0-admin.users.create-user': { status: done },
  'identity-v2.0-admin.users.update-user': { status: '10.1.3 says 200 for the same request' },
  'identity-v2.0-admin.tenants.list-roles-for-user': { 'roles[].description': roleText },
  'identity-v2.0-ext.os-ksadm-admin-extension.create-user': { status: done },
  'identity-v2.0-ext.os-ksadm-admin-extension.grant-global-role-to-user': { status: done },
  'identity-v2.0-ext.os-ksadm-admin-extension.create-tenant': { status: done },
  'identity-v2.0-ext.os-ksadm-admin-extension.grant-roles-to-user-on-tenant': { status: done },
  'identity-v2.0-ext.os-ksadm-admin-extension.create-role': { status: done },
  'identity-v2.0-ext.os-ksadm-admin-extension.list-roles': { 'roles[].description': roleText },
  'identity-v2.0-ext.os-ksadm-admin-extension.create-service': { status: done },
  'identity-v2.0-ext.os-kscatalog-admin-extension.create-endpoint': { 'endpoint.tenantId': '10.2.1 has a text, as all tenants have' },
  'identity-v2.0-ext.os-kscatalog-admin-extension.get-endpoint': { 'endpoint.tenantId': '10.2.1 has a text, as all tenants have' },
  'identity-v2.0-ext.os-kscatalog-admin-extension.list-endpoint-templates': {
    'OS-KSCATALOG:endpointsTemplates[].id': ids,
    'OS-KSCATALOG:endpointsTemplates[].version*': unversioned,
  },
  'identity-v2.0-ext.os-ksec2-admin-extension.list-credentials-by-type': {
    'credentials[].passwordCredentials.password': 'only its hash is kept',
  },
  'identity-v2.0-ext.os-kvalidate-admin-extension.list-endpoints-for-token': {
    'endpoints[].id': ids,
    'endpoints[].version*': unversioned,
    'endpoints[].adminURL': given,
  },
}
const template = 'OS-KSCATALOG:endpointTemplate'

test('the examples of v2.0 are answered as they are printed', { skip: withoutReference }, async (t) => {
  await using cloud = await testCloud()
  const things = new Things(cloud)
  const comparison = new Comparison(deviations)
  const name = () => things.name('name')
  const admin = await cloud.admin.token()
  const v2 = '/identity/v2.0'
  const project = await makeProject(cloud, 'demo', { description: 'd' })
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  await cloud.admin.put(`${v2}/users/${user.id}`, { user: { email: 'e@example.com', tenantId: project } }, 200)
  const own = await user.login({ project: { id: project } })
  const mine = async () => ({ params: { userId: user.id, user_id: user.id, tenantId: project } })
  const tokenId = async () => ({ params: { tokenId: await user.login({ project: { id: project } }) } })
  const subject = async () => ({ headers: { 'x-subject-token': own } })
  const named = async () => ({ fields: { name: name(), username: null } })
  const passwordCredentials = { username: user.name, password: user.password }

  const dns = await things.service('dns')
  const made = async (more: object = {}) =>
    String(
      (
        await cloud.admin.post(
          `${v2}/OS-KSCATALOG/endpointTemplates`,
          { [template]: { type: 'dns', publicURL: 'http://h/v1', ...more } },
          201,
        )
      ).body[template].id,
    )
  let numbers = 100
  const full = () => ({ id: numbers++, region: 'R', internalURL: 'http://h/v1', adminURL: 'http://h/v1', global: true })
  const tenantEndpoint = async () => {
    const id = await made(full())
    await cloud.admin.post(`${v2}/tenants/${project}/OS-KSCATALOG/endpoints`, { [template]: { id } }, 201)
    return { params: { tenantId: project, endpointId: id } }
  }
  const granted = (root: string, key: string) => async () => {
    const one = await makeUser(cloud)
    const body = { [key]: { username: one.name, secret: 's', signature: 'b' } }
    await ask(cloud, admin, 'POST', `/v2.0/users/${one.id}/${root}/credentials`, { body, expected: 201 })
    return { params: { userId: one.id, type: key }, fields: { username: one.name } }
  }
  const ungranted = async () => {
    const one = await makeUser(cloud)
    return { params: { userId: one.id }, fields: { username: one.name } }
  }
  const ec2 = granted('OS-KSADM', 'OS-KSEC2-ec2Credentials')
  const s3 = granted('OS-KSS3', 'OS-KSS3:s3Credentials')
  const onTenant = async () => ({ params: { tenantId: project, userId: user.id, roleId: await things.role() } })

  const operations = referenceOperations('identity-v2.0', 'identity-v2.0-admin', 'identity-v2.0-ext')
  await replay(things, operations, comparison, {
    '8.2.1': async () => [
      { token: null, body: { auth: { tenantId: project, passwordCredentials: { userId: user.id, password: user.password } } } },
      { token: null, body: { auth: { tenantName: 'demo', token: { id: own } } } },
    ],
    '8.2.2': async () => ({ token: own }),
    '9.2.1': async () => [
      { token: null, body: { auth: { tenantName: 'demo', passwordCredentials } } },
      { token: null, body: { auth: { tenantName: 'demo', token: { id: own } } } },
    ],
    '9.2.2': tokenId,
    '9.2.3': tokenId,
    '9.2.4': tokenId,
    '9.3.1': async () => ({ fields: { name: name(), tenantId: project } }),
    '9.3.2': async () => [{ query: `?name=${user.name}` }, {}],
    '9.3.3': named,
    '9.3.5': mine,
    '9.3.6': async () => {
      await cloud.admin.request('PUT', `${v2}/users/${user.id}/roles/OS-KSADM/${await things.role()}`, { expected: 200 })
      return mine()
    },
    '9.4.2': async () => ({ query: '?name=demo' }),
    '9.4.3': mine,
    '9.4.4': mine,
    '10.1.2': named,
    '10.1.3': async () => ({ params: { userId: user.id }, fields: { id: user.id, name: user.name } }),
    '10.1.6': mine,
    '10.1.8': async () => {
      const role = await things.role()
      await cloud.admin.request('PUT', `${v2}/users/${user.id}/roles/OS-KSADM/${role}`, { expected: 200 })
      return { params: { userId: user.id, roleId: role } }
    },
    '10.1.9': named,
    '10.1.10': async () => ({ params: { tenantId: project }, fields: { id: project, name: 'demo' } }),
    '10.1.12': mine,
    '10.1.13': onTenant,
    '10.1.14': async () => {
      const found = await onTenant()
      const path = `${v2}/tenants/${project}/users/${user.id}/roles/OS-KSADM/${found.params.roleId}`
      await cloud.admin.request('PUT', path, { expected: 200 })
      return found
    },
    '10.1.15': named,
    '10.1.16': async () => ({ params: { role_name: (await cloud.admin.get(`/identity/v3/roles/${await things.role()}`)).body.role.name } }),
    '10.1.22': async () => ({ params: { serviceName: 'nova' } }),
    '10.1.23': async () => ({ params: { serviceId: dns } }),
    '10.1.24': async () => ({ params: { serviceId: await things.service() } }),
    '10.2.1': async () => ({ params: { tenantId: (await tenantEndpoint()).params.tenantId } }),
    '10.2.2': async () => ({ params: { tenantId: project }, fields: { id: await made(full()) } }),
    '10.2.3': tenantEndpoint,
    '10.2.4': tenantEndpoint,
    '10.2.6': async () => ({ fields: { id: 41 } }),
    '10.2.7': async () => ({ params: { endpointTemplateId: await made(full()) } }),
    '10.2.8': async () => {
      const id = await made(full())
      return { params: { endpointTemplateId: id }, fields: { id: Number(id), type: 'dns' } }
    },
    '10.2.9': async () => ({ params: { endpointTemplateId: await made(full()) } }),
    '10.3.1': ec2,
    '10.3.2': ungranted,
    '10.3.3': ec2,
    '10.3.4': ec2,
    '10.3.5': ec2,
    '10.3.6': async () => ({ params: { ...(await ec2()).params, type: 'passwordCredentials' } }),
    '10.4.1': s3,
    '10.4.2': ungranted,
    '10.4.3': s3,
    '10.4.4': s3,
    '10.4.5': s3,
    '10.4.6': s3,
    '10.5.1': subject,
    '10.5.2': subject,
    '10.5.3': subject,
  })
  assert.deepEqual(comparison.missing(operations), [])

  const authenticate = operations.find(({ section }) => section === '8.2.1')!
  const xmlOf = (examples: Example[]) => examples.find(({ format }) => format === 'xml')!.text
  const plain = (xml: string) => fromXml(parseXml(Buffer.from(xml), v2Xml), Access, v2Xml)
  const request = xmlOf(authenticate.requests).replace('username="demo"', `username="${user.name}"`).replace('secretsecret', user.password)
  const response = await fetch(`${cloud.url}${v2}/tokens`, {
    method: 'POST',
    headers: { accept: 'application/xml', 'content-type': 'application/xml' },
    body: request,
  })
  comparison.add(authenticate, { status: response.status, body: plain(await response.text()) }, plain(xmlOf(authenticate.responses)))
  t.diagnostic(`${comparison.compared} answers compared with examples, of ${comparison.codesOnly} the code only`)
  comparison.end()
})
