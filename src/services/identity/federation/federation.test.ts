import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byName, federatedWorld, makeGroup, path } from '../../../testing/identity/federation.ts'
import { machine } from '../../../testing/identity/provider.ts'
import { ask, makeProject, roleId, shiftedClock, tokenAuth } from '../../../testing/identity/users.ts'

const v3 = '/identity/v3'

test('federation', async (t) => {
  await using world = await federatedWorld()
  await t.test('providers, protocols, mappings and service providers are kept as they were made', async () => {
    const { cloud } = world
    const { admin } = cloud
    const idp = (
      await admin.put(`${path}/identity_providers/one`, { identity_provider: { description: 'd', remote_ids: ['https://a'] } }, 201)
    ).body.identity_provider
    const { links, domain_id, ...rest } = idp
    assert.deepEqual(rest, { id: 'one', description: 'd', enabled: false, authorization_ttl: null, remote_ids: ['https://a'] })
    assert.equal(links.protocols, `${cloud.url}${path}/identity_providers/one/protocols`)
    assert.equal((await admin.get(`${v3}/domains/${domain_id}`)).body.domain.name, 'one')
    await admin.put(`${path}/identity_providers/one`, { identity_provider: {} }, 409)
    await admin.put(`${path}/identity_providers/two`, { identity_provider: { domain_id: 'default', remote_ids: ['https://a'] } }, 409)
    await admin.put(`${path}/identity_providers/two`, { identity_provider: { domain_id: 'nowhere' } }, 404)
    await admin.put(`${path}/identity_providers/t%20wo`, { identity_provider: {} }, 400)
    await admin.put(`${path}/identity_providers/two`, { identity_provider: { domain_id: 'default', enabled: true } }, 201)
    const ids = async (query: string) =>
      (await admin.get(`${path}/identity_providers${query}`)).body.identity_providers.map((row: { id: string }) => row.id)
    assert.deepEqual(await ids(''), ['corp', 'one', 'two'])
    assert.deepEqual(await ids('?enabled=true'), ['corp', 'two'])
    assert.deepEqual(await ids('?id=one'), ['one'])
    const changed = (
      await admin.patch(`${path}/identity_providers/one`, { identity_provider: { enabled: true, remote_ids: ['https://b'] } }, 200)
    ).body
    assert.deepEqual([changed.identity_provider.enabled, changed.identity_provider.remote_ids], [true, ['https://b']])
    await admin.patch(`${path}/identity_providers/one`, { identity_provider: { domain_id: 'default' } }, 400)

    await admin.put(`${path}/mappings/m`, { mapping: { rules: byName } }, 201)
    for (const bad of [{}, { rules: [] }, { rules: [{ remote: [], local: [] }] }, { rules: byName, schema_version: '9' }])
      await admin.put(`${path}/mappings/bad`, { mapping: bad }, 400)
    await admin.patch(`${path}/mappings/m`, { mapping: { rules: [byName[0]] } }, 200)
    assert.deepEqual((await admin.get(`${path}/mappings/m`)).body.mapping.rules, [byName[0]])
    assert.deepEqual((await admin.get(`${path}/mappings`)).body.mappings.length, 2)

    const protocol = `${path}/identity_providers/one/protocols/openid`
    await admin.put(protocol, { protocol: { mapping_id: 'none' } }, 400)
    await admin.put(protocol, { protocol: {} }, 400)
    await admin.put(`${path}/identity_providers/none/protocols/openid`, { protocol: { mapping_id: 'm' } }, 404)
    const made = (await admin.put(protocol, { protocol: { mapping_id: 'm' } }, 201)).body.protocol
    assert.deepEqual(
      [made.id, made.mapping_id, made.links.identity_provider],
      ['openid', 'm', `${cloud.url}${path}/identity_providers/one`],
    )
    await admin.patch(protocol, { protocol: { mapping_id: 'none' } }, 400)
    assert.equal((await admin.get(`${path}/identity_providers/one/protocols`)).body.protocols.length, 1)
    await admin.delete(protocol)
    await admin.get(protocol, 404)
    await admin.delete(`${path}/mappings/m`)
    await admin.get(`${path}/mappings/m`, 404)
    await admin.delete(`${path}/identity_providers/one`)
    await admin.get(`${path}/identity_providers/one`, 404)

    const address = { auth_url: 'https://x/auth', sp_url: 'https://x/sp' }
    const sp = (await admin.put(`${path}/service_providers/s`, { service_provider: address }, 201)).body.service_provider
    assert.deepEqual([sp.enabled, sp.relay_state_prefix, sp.auth_url], [false, 'ss:mem:', address.auth_url])
    for (const bad of [{}, { ...address, auth_url: 'x' }, { ...address, sp_url: 'javascript:x' }])
      await admin.put(`${path}/service_providers/bad`, { service_provider: bad }, 400)
    assert.equal(
      (await admin.patch(`${path}/service_providers/s`, { service_provider: { enabled: true } }, 200)).body.service_provider.enabled,
      true,
    )
    const shown = await admin.request('GET', `${v3}/auth/tokens`, { headers: { 'x-subject-token': await admin.token() }, expected: 200 })
    assert.deepEqual(shown.body.token.service_providers, [{ id: 's', ...address }])
    await admin.delete(`${path}/service_providers/s`)
    await admin.get(`${path}/service_providers/s`, 404)
    assert.equal((await ask(cloud, null, 'POST', '/v3/auth/OS-FEDERATION/saml2/ecp')).status, 501)

    const member = await cloud.as('member')
    for (const what of ['identity_providers', 'mappings', 'service_providers']) await member.get(`${path}/${what}`, 403)
    await member.request('PUT', `${path}/mappings/x`, { body: { mapping: { rules: byName } }, expected: 403 })
  })
  await t.test('what a provider issued is worth a token with the groups of the mapping, and that one scoped tokens', async () => {
    const { cloud, provider, domain } = world
    const [dev, project, member] = [await makeGroup(cloud, 'dev'), await makeProject(cloud, 'p'), await roleId(cloud, 'member')]
    await cloud.admin.request('PUT', `${v3}/projects/${project}/groups/${dev}/roles/${member}`, { expected: 204 })
    const first = await world.login(await provider.mint(), 201)
    const token = first.headers.get('x-subject-token')!
    const { user, methods, roles, audit_ids } = first.body.token
    assert.deepEqual([user.name, user.domain, methods, roles], ['Ann Example', { id: domain, name: 'corp' }, ['openid'], undefined])
    assert.deepEqual(user['OS-FEDERATION'], { groups: [{ id: dev }], identity_provider: { id: 'corp' }, protocol: { id: 'openid' } })
    assert.match(user.id, /^[0-9a-f]{64}$/)
    for (const what of ['auth/projects', 'OS-FEDERATION/projects'])
      assert.deepEqual(
        (await ask(cloud, token, 'GET', `/v3/${what}`, { expected: 200 })).body.projects.map((row: { id: string }) => row.id),
        [project],
        what,
      )
    assert.deepEqual((await ask(cloud, token, 'GET', '/v3/OS-FEDERATION/domains', { expected: 200 })).body.domains, [])

    const scope = { project: { id: project } }
    const scoped = await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token, scope), expected: 201 })
    assert.deepEqual(scoped.body.token.methods.toSorted(), ['openid', 'token'])
    assert.deepEqual(scoped.body.token.roles.map((role: { name: string }) => role.name).toSorted(), ['member', 'reader'])
    assert.equal(scoped.body.token.audit_ids[1], audit_ids[0])
    assert.deepEqual(scoped.body.token.user['OS-FEDERATION'].groups, [{ id: dev }])
    const shown = await cloud.admin.request('GET', `${v3}/auth/tokens`, {
      headers: { 'x-subject-token': scoped.headers.get('x-subject-token')! },
      expected: 200,
    })
    assert.equal(shown.body.token.user.id, user.id)

    // The same person again is the same user, also under another name; a group that the cloud takes the role from counts no more.
    for (const method of ['openid', 'mapped', 'saml2']) {
      const by = (id: string) => ({ auth: { identity: { methods: [method], [method]: { id } }, scope } })
      assert.deepEqual(
        (await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: by(token), expected: 201 })).body.token.project.id,
        project,
      )
      await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: by(await cloud.admin.token()), expected: 401 })
      await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: { auth: { identity: { methods: [method] } } }, expected: 400 })
    }
    const again = await world.login(await provider.mint({ name: 'Ann Other' }), 201)
    assert.deepEqual([again.body.token.user.id, again.body.token.user.name], [user.id, 'Ann Other'])
    const row = (await cloud.admin.get(`${v3}/users/${user.id}`)).body.user
    assert.deepEqual([row.name, row.email, row.domain_id], ['Ann Other', 'ann@example.com', domain])
    await cloud.admin.delete(`${v3}/projects/${project}/groups/${dev}/roles/${member}`)
    await ask(cloud, scoped.headers.get('x-subject-token')!, 'GET', '/v3/auth/projects', { expected: 401 })
    await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token, scope), expected: 401 })

    // The grants that were made to the user's own row count for all logins.
    await cloud.admin.request('PUT', `${v3}/projects/${project}/users/${user.id}/roles/${member}`, { expected: 204 })
    await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token, scope), expected: 201 })
  })
  await t.test('clients get their tokens from the provider by password and as machines', async () => {
    const { provider } = world
    const got = async (parameters: Record<string, string>, client?: { id: string; secret: string }) => {
      const { body } = await provider.token(parameters, client)
      assert.ok(body.access_token, JSON.stringify(body))
      return world.login(body.access_token as string, 201)
    }
    const ann = await got({ grant_type: 'password', username: 'ann', password: 'right', scope: 'openid profile' })
    assert.equal(ann.body.token.user.name, 'Ann Example')
    await world.map([{ remote: [{ type: 'OIDC-sub' }], local: [{ user: { name: 'robot-{0}' } }] }])
    const robot = await got({ grant_type: 'client_credentials', scope: 'openid' }, machine)
    assert.equal(robot.body.token.user.name, 'robot-machine')
  })
  await t.test('projects and roles of a mapping are made at the login, once', async () => {
    const { cloud, provider, domain } = world
    const rules = (role: string) => [
      {
        remote: [{ type: 'sub' }],
        local: [
          { user: { name: '{0}' } },
          {
            projects: [
              { name: 'Production', roles: [{ name: 'member' }] },
              { name: 'home-{0}', roles: [{ name: role }] },
            ],
          },
        ],
      },
    ]
    await world.map(rules('no-such-role'))
    await world.login(await provider.mint({ sub: 'carl' }), 401)
    const projects = async () =>
      (await cloud.admin.get(`${v3}/projects?domain_id=${domain}`)).body.projects.map((row: { name: string }) => row.name)
    assert.deepEqual(await projects(), [], 'what a refused login began is undone')
    await world.map(rules('manager'))
    const answers = await Promise.all(['carl', 'dora', 'carl', 'dora'].map(async (sub) => world.login(await provider.mint({ sub }))))
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [201, 201, 201, 201],
    )
    assert.deepEqual(await projects(), ['Production', 'home-carl', 'home-dora'])
    const token = answers[0]!.headers.get('x-subject-token')!
    const mine = (await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 200 })).body.projects.map(
      (row: { name: string }) => row.name,
    )
    assert.deepEqual(mine, ['Production', 'home-carl'])
  })
  await t.test('a token holds a hundred groups, and no more', async () => {
    const { cloud, provider } = world
    const names = Array.from({ length: 101 }, (_, i) => `g${i}`)
    for (const name of names.slice(0, 100)) await makeGroup(cloud, name)
    await world.map([byName[0]!, { remote: [{ type: 'groups' }], local: [{ groups: '{0}', domain: { id: 'default' } }] }])
    const answer = await world.login(await provider.mint({ groups: names }), 201)
    assert.equal(answer.body.token.user['OS-FEDERATION'].groups.length, 100, 'a name that is no group here counts for nothing')
    const token = answer.headers.get('x-subject-token')!
    await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 200 })
    await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token), expected: 201 })
    await makeGroup(cloud, 'g100')
    await world.login(await provider.mint({ groups: names }), 401)
  })
  await t.test('with a domain go the providers whose users are in it', async () => {
    const { cloud, domain } = world
    const token = await world.ann()
    await cloud.admin.patch(`${v3}/domains/${domain}`, { domain: { enabled: false } }, 200)
    await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 401 })
    await cloud.admin.delete(`${v3}/domains/${domain}`)
    await cloud.admin.get(`${path}/identity_providers/corp`, 404)
  })
})

test('a token that is not signed for us to read is asked about at the provider', async () => {
  await using world = await federatedWorld({ opaque: true, file: { introspection: true } })
  const { provider, cloud } = world
  await world.map([{ remote: [{ type: 'sub' }], local: [{ user: { name: '{0}' } }] }])
  const { body } = await provider.token({ grant_type: 'password', username: 'ann', password: 'right', scope: 'openid' })
  assert.ok(!String(body.access_token).includes('.'))
  assert.equal((await world.login(String(body.access_token), 201)).body.token.user.name, 'ann')
  await world.login('invented', 401)
  provider.fail = 500
  assert.match((await world.login(String(body.access_token), 503)).body.error.message, /cannot be reached/)
  provider.fail = null
  await world.login(String(body.access_token), 201)
  assert.ok(cloud)
})

test('memberships last as long as the provider says, for all that the user does', async () => {
  const clock = shiftedClock()
  await using world = await federatedWorld({ corp: { authorization_ttl: 10 }, cloud: { clock } })
  const { cloud, provider } = world
  const [dev, project, member] = [await makeGroup(cloud, 'dev'), await makeProject(cloud, 'p'), await roleId(cloud, 'member')]
  await cloud.admin.request('PUT', `${v3}/projects/${project}/groups/${dev}/roles/${member}`, { expected: 204 })
  const token = await world.ann()
  const scoped = await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token, { project: { id: project } }), expected: 201 })
  const { id } = scoped.body.token.user
  // An application credential carries no groups of a token: it lives by the membership that lasts.
  const secret = 'secret-of-the-credential'
  const { application_credential } = (
    await ask(cloud, scoped.headers.get('x-subject-token'), 'POST', `/v3/users/${id}/application_credentials`, {
      body: { application_credential: { name: 'a', secret } },
      expected: 201,
    })
  ).body
  const body = {
    auth: { identity: { methods: ['application_credential'], application_credential: { id: application_credential.id, secret } } },
  }
  const made = await ask(cloud, null, 'POST', '/v3/auth/tokens', { body, expected: 201 })
  clock.shift(9 * 60_000)
  await ask(cloud, made.headers.get('x-subject-token'), 'GET', '/v3/auth/projects', { expected: 200 })
  clock.shift(2 * 60_000)
  await ask(cloud, made.headers.get('x-subject-token'), 'GET', '/v3/auth/projects', { expected: 401 })
  await ask(cloud, null, 'POST', '/v3/auth/tokens', { body, expected: 401 })
  await world.login(await provider.mint({ exp: Math.floor(clock.now() / 1000) + 60 }), 201)
  await ask(cloud, null, 'POST', '/v3/auth/tokens', { body, expected: 201 })
})

test('identities of elsewhere are shown, found, and given to users before their first login', async () => {
  await using world = await federatedWorld()
  const { cloud, provider, domain } = world
  const users = `${v3}/users`
  const names = async (query: string) => (await cloud.admin.get(`${users}?${query}`)).body.users.map((row: { name: string }) => row.name)
  const identity = (unique_id: string, protocol_id = 'openid', idp_id = 'corp') => [{ idp_id, protocols: [{ protocol_id, unique_id }] }]
  const ann = (await world.login(await provider.mint({ sub: 'ann' }), 201)).body.token.user
  assert.deepEqual((await cloud.admin.get(`${users}/${ann.id}`)).body.user.federated, identity('ann'))

  // One who was here before the first login, and keeps name and address.
  const body = { name: 'local-bob', email: 'bob@here', domain_id: domain, password: 'secret', federated: identity('bob') }
  const bob = (await cloud.admin.post(users, { user: body }, 201)).body.user
  assert.deepEqual(bob.federated, identity('bob'))
  const login = await world.login(await provider.mint({ sub: 'bob', name: 'Robert', email: 'robert@elsewhere' }), 201)
  assert.equal(login.body.token.user.id, bob.id)
  const shown = (await cloud.admin.get(`${users}/${bob.id}`)).body.user
  assert.deepEqual([shown.name, shown.email, shown.federated], ['local-bob', 'bob@here', identity('bob')])
  const local = await cloud.admin.post(users, { user: { name: 'local', domain_id: domain } }, 201)
  assert.equal(local.body.user.federated, undefined)

  assert.deepEqual(await names('idp_id=corp&protocol_id=openid'), [ann.name, 'local-bob'])
  assert.deepEqual(await names('unique_id=bob'), ['local-bob'])
  assert.deepEqual(await names('idp_id=other'), [])
  assert.deepEqual(await names('idp_id=corp&unique_id=bob&name=nobody'), [])
  const listed = (await cloud.admin.get(`${users}?domain_id=${domain}`)).body.users
  assert.deepEqual(
    listed.map((row: { federated?: object }) => row.federated),
    [identity('ann'), undefined, identity('bob')],
  )

  for (const federated of [
    identity('x', 'none'),
    identity('x', 'openid', 'none'),
    identity(''),
    [{ idp_id: 'corp' }],
    [{ idp_id: 'corp', protocols: [] }],
    'corp',
  ])
    await cloud.admin.post(users, { user: { name: 'bad', domain_id: domain, federated } }, 400)
  await cloud.admin.post(users, { user: { name: 'bad', domain_id: 'default', federated: identity('x') } }, 400)
  await cloud.admin.post(users, { user: { name: 'bad', domain_id: domain, federated: identity('ann') } }, 409)
  assert.deepEqual(await names('name=bad'), [])

  // What stays is left alone, also by other changes; what is taken away ends tokens, and is the next one's who comes with it.
  const token = login.headers.get('x-subject-token')!
  await cloud.admin.patch(`${users}/${bob.id}`, { user: { description: 'd' } }, 200)
  const both = [{ idp_id: 'corp', protocols: ['bob', 'robert'].map((unique_id) => ({ protocol_id: 'openid', unique_id })) }]
  assert.deepEqual((await cloud.admin.patch(`${users}/${bob.id}`, { user: { federated: both } }, 200)).body.user.federated, both)
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 200 })
  assert.equal((await world.login(await provider.mint({ sub: 'robert' }), 201)).body.token.user.id, bob.id)
  await cloud.admin.patch(`${users}/${bob.id}`, { user: { federated: identity('robert') } }, 200)
  await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 401 })
  assert.notEqual((await world.login(await provider.mint({ sub: 'bob' }), 201)).body.token.user.id, bob.id)
  await cloud.admin.patch(`${users}/${bob.id}`, { user: { federated: [] } }, 200)
  assert.equal((await cloud.admin.get(`${users}/${bob.id}`)).body.user.federated, undefined)
})
