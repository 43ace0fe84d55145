import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, makeDomain, makeProject, makeUser } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { domainConfigWithSecrets } from './config.ts'
import { domainOptions } from './store.ts'

const v3 = '/identity/v3'

test('a domain is configured, as a whole, by group and by option', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const domain = await makeDomain(cloud, 'd')
  const path = `${v3}/domains/${domain}/config`
  await admin.get(path, 404)
  const config = { identity: { driver: 'ldap' }, ldap: { url: 'ldap://here/%(password)s', user_tree_dn: 'ou=a', password: 'hush-hush' } }
  const shown = { identity: { driver: 'ldap' }, ldap: { url: 'ldap://here/%(password)s', user_tree_dn: 'ou=a' } }
  assert.deepEqual((await admin.put(path, { config }, 201)).body, { config: shown })
  assert.deepEqual((await admin.put(path, { config }, 200)).body, { config: shown })
  assert.deepEqual((await admin.get(path)).body, { config: shown })
  assert.deepEqual((await admin.get(`${path}/ldap`)).body, { config: { ldap: shown.ldap } })
  assert.deepEqual((await admin.get(`${path}/ldap/user_tree_dn`)).body, { config: { user_tree_dn: 'ou=a' } })
  assert.equal((await admin.request('HEAD', `${path}/ldap`)).status, 200)
  await admin.get(`${path}/ldap/suffix`, 404)

  // The secret is kept, but neither shown nor in the database as it came.
  await admin.get(`${path}/ldap/password`, 404)
  const rows = await cloud.cloud.database.read.selectFrom('identity_domain_options').selectAll().execute()
  assert.ok(!JSON.stringify(rows).includes('hush'))
  assert.deepEqual(domainConfigWithSecrets(cloud.cloud, await domainOptions(cloud.cloud.database.read, domain)).ldap, {
    url: 'ldap://here/%(password)s',
    user_tree_dn: 'ou=a',
    password: 'hush-hush',
  })

  const merged = (await admin.patch(path, { config: { identity: { list_limit: 5 } } }, 200)).body.config
  assert.deepEqual(merged.identity, { driver: 'ldap', list_limit: 5 })
  await admin.patch(`${path}/ldap`, { config: { ldap: { suffix: 'dc=x' } } }, 200)
  assert.equal((await admin.patch(`${path}/ldap/suffix`, { config: { suffix: 'dc=y' } }, 200)).body.config.ldap.suffix, 'dc=y')
  await admin.patch(`${path}/ldap`, { config: { identity: { driver: 'sql' } } }, 403)
  await admin.patch(`${path}/ldap/suffix`, { config: { url: 'x' } }, 403)
  await admin.patch(`${path}/ldap/user_filter`, { config: { user_filter: 'x' } }, 404)
  await admin.delete(`${path}/ldap/suffix`)
  await admin.delete(`${path}/ldap/suffix`, 404)
  await admin.delete(`${path}/ldap`)
  assert.deepEqual((await admin.get(path)).body, { config: { identity: { driver: 'ldap', list_limit: 5 } } })
  await admin.delete(path)
  await admin.get(path, 404)
  await admin.delete(path)

  for (const bad of [{}, { ldap: {} }, { ldap: 'x' }, { other: { a: 1 } }, { ldap: { randomize_urls: true } }, { ldap: { url: { a: 1 } } }])
    await admin.put(path, { config: bad }, 403)
  await admin.put(path, { config: [] }, 400)
  await admin.put(path, {}, 400)
  await admin.put(path, { config: JSON.parse('{"__proto__": {"driver": "x"}, "constructor": {"name": "x"}}') }, 403)
  await admin.get(`${path}/other`, 403)
  await admin.get(`${path}/ldap/other`, 403)
  await admin.put(`${v3}/domains/nowhere/config`, { config }, 404)

  const defaults = (await admin.get(`${v3}/domains/config/default`)).body.config
  assert.equal(defaults.ldap.query_scope, 'one')
  assert.equal(defaults.ldap.password, undefined)
  assert.deepEqual((await admin.get(`${v3}/domains/config/identity/default`)).body.config, { identity: defaults.identity })
  assert.deepEqual((await admin.get(`${v3}/domains/config/ldap/url/default`)).body.config, { url: 'ldap://localhost' })
  await admin.get(`${v3}/domains/config/ldap/password/default`, 403)

  // A domain takes its configuration with it.
  await admin.put(path, { config }, 201)
  await admin.patch(`${v3}/domains/${domain}`, { domain: { enabled: false } }, 200)
  await admin.delete(`${v3}/domains/${domain}`)
  assert.deepEqual(await cloud.cloud.database.read.selectFrom('identity_domain_options').selectAll().execute(), [])
})

test('only administrators see and change it; what passwords have to be like everybody sees', async () => {
  await using cloud = await testCloud({ settings: { passwordRegex: '^.{3,}', passwordRegexDescription: 'three characters' } })
  const [mine, other] = [await makeDomain(cloud, 'mine'), await makeDomain(cloud, 'other')]
  const project = await makeProject(cloud, 'p')
  const manager = await makeUser(cloud, [['manager', `/domains/${mine}`]], mine)
  const member = await makeUser(cloud, [['member', `/projects/${project}`]])
  const reader = await makeUser(cloud, [['reader', '/system']])
  const tokens = {
    manager: await manager.login({ domain: { id: mine } }),
    member: await member.login({ project: { id: project } }),
    reader: await reader.login({ system: { all: true } }),
  }
  const body = { config: { identity: { driver: 'sql' } } }
  await cloud.admin.put(`${v3}/domains/${mine}/config`, body, 201)
  for (const [name, token] of Object.entries(tokens)) {
    const may = name === 'reader' ? 200 : 403
    for (const domain of [mine, other, 'nowhere']) {
      const path = `/v3/domains/${domain}/config`
      await ask(cloud, token, 'GET', path, { expected: name === 'reader' ? (domain === mine ? 200 : 404) : 403 })
      await ask(cloud, token, 'PUT', path, { body, expected: 403 })
      await ask(cloud, token, 'PATCH', path, { body, expected: 403 })
      await ask(cloud, token, 'DELETE', path, { expected: 403 })
    }
    await ask(cloud, token, 'GET', '/v3/domains/config/default', { expected: may })
    const security = await ask(cloud, token, 'GET', '/v3/domains/default/config/security_compliance', { expected: 200 })
    assert.deepEqual(security.body.config.security_compliance, {
      password_regex: '^.{3,}',
      password_regex_description: 'three characters',
    })
    const one = await ask(cloud, token, 'GET', '/v3/domains/default/config/security_compliance/password_regex', { expected: 200 })
    assert.deepEqual(one.body, { config: { password_regex: '^.{3,}' } })
    await ask(cloud, token, 'GET', '/v3/domains/default/config/security_compliance/lockout_duration', { expected: 403 })
    await ask(cloud, token, 'GET', `/v3/domains/${mine}/config/security_compliance`, { expected: 403 })
  }
  await ask(cloud, null, 'GET', '/v3/domains/default/config/security_compliance', { expected: 401 })
})
