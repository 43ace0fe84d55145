// Class 7, what is handed over must not grow: a provider vouches for those of its own domain, to us, once, and as long as it is asked to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as jose from 'jose'
import { byName, federatedWorld, makeGroup, path } from '../../../testing/identity/federation.ts'
import { clientSecret, startProvider } from '../../../testing/identity/provider.ts'
import { ask, makeUser, roleId, shiftedClock, tokenAuth } from '../../../testing/identity/users.ts'

const v3 = '/identity/v3'
const refused = /requires authentication/

test('federation gives no more than was handed over', async (t) => {
  const clock = shiftedClock()
  await using world = await federatedWorld({ cloud: { clock } })
  await t.test('a token counts only when this provider signed it, for us, for now, and for somebody', async () => {
    const { provider, cloud } = world
    const seconds = Math.floor(Date.now() / 1000)
    const { privateKey } = await jose.generateKeyPair('ES256')
    const { alg, kid, ...jwk } = provider.key()
    const { d: _, ...publicKey } = jwk
    const [, payload] = (await provider.mint()).split('.')
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const signed = (header: object, key: jose.CryptoKey | Uint8Array) =>
      new jose.SignJWT(JSON.parse(Buffer.from(payload!, 'base64url').toString()))
        .setProtectedHeader({ alg: 'ES256', kid, ...header } as never)
        .sign(key)
    const bad: Record<string, string> = {
      'of another audience': await provider.mint({ aud: 'another-client' }),
      'of no audience': await provider.mint({ aud: undefined }),
      'of many audiences, issued to another party': await provider.mint({ aud: ['nephos', 'other'], azp: 'other' }),
      'of another issuer': await provider.mint({ iss: 'https://idp.example.com' }),
      'of an issuer that only begins alike': await provider.mint({ iss: `${provider.issuer}.example.com` }),
      'of no issuer': await provider.mint({ iss: undefined }),
      expired: await provider.mint({ exp: seconds - 60 }),
      'without an end': await provider.mint({ exp: undefined }),
      'not valid yet': await provider.mint({ nbf: seconds + 600 }),
      'of nobody': await provider.mint({ sub: undefined }),
      'bound to a key': await provider.mint({ cnf: { jkt: 'x' } }),
      'for logging out': await provider.mint({}, { typ: 'logout+jwt' }),
      'a proof of possession': await provider.mint({}, { typ: 'dpop+jwt' }),
      'with an unknown critical header': await provider.mint({}, { crit: ['x'], x: 1 } as never).catch(() => 'a.b.c'),
      'signed by somebody else': await signed({}, privateKey),
      'signed by a key that it brings along': await signed({ jwk: publicKey, jku: 'http://127.0.0.1:1/', kid: 'other' }, privateKey),
      'not signed': `${encode({ alg: 'none', kid })}.${payload}.`,
      'signed with our own secret': await signed({ alg: 'HS256' }, new TextEncoder().encode(clientSecret)),
      'signed with the public key as a secret': await signed({ alg: 'HS256' }, new TextEncoder().encode(JSON.stringify(publicKey))),
      'changed after it was signed': (await provider.mint()).replace(
        /\.[^.]+\./,
        `.${encode({ iss: provider.issuer, sub: 'bob', aud: 'nephos', exp: seconds + 99 })}.`,
      ),
      'no token': 'x',
      'of three empty parts': '..',
      'of odd parts': 'e30.e30.e30',
      long: `${'a'.repeat(20_000)}.b.c`,
    }
    for (const [what, token] of Object.entries(bad)) {
      const answer = await world.login(token)
      assert.equal(answer.status, 401, what)
      assert.match(answer.body.error.message, refused, what)
      assert.match(answer.headers.get('www-authenticate')!, /^Bearer /)
    }
    assert.ok(alg)
    const auth = `/v3/OS-FEDERATION/identity_providers/corp/protocols/openid/auth`
    for (const headers of [{}, { authorization: 'Basic eDp5' }, { authorization: 'Bearer' }, { authorization: 'Bearer a b' }])
      await ask(cloud, null, 'GET', auth, { headers: headers as Record<string, string>, expected: 401 })
    assert.equal((await cloud.admin.get(`${v3}/users?domain_id=${world.domain}`)).body.users.length, 0, 'nobody was made')
    // And the right ones, with all signatures that count.
    for (const good of ['ES256', 'RS256', 'EdDSA']) {
      await provider.rotate(good)
      clock.shift(11_000)
      await world.login(await provider.mint({ aud: ['other', 'nephos'], azp: 'nephos' }), 201)
      await world.login(await provider.mint({}, { typ: 'JWT' }), 201)
    }
  })
  await t.test('a mapping to local users takes no address that nobody verified, and no user who is disabled', async () => {
    const { provider, cloud } = world
    const local = await makeUser(cloud)
    await cloud.admin.patch(`${v3}/users/${local.id}`, { user: { name: 'admin@example.com' } }, 200)
    await world.map([{ remote: [{ type: 'email' }], local: [{ user: { name: '{0}', domain: { id: 'default' }, type: 'local' } }] }])
    const email = 'admin@example.com'
    await world.login(await provider.mint({ email, email_verified: false }), 401)
    const right = (await world.login(await provider.mint({ email, email_verified: true }), 201)).body.token
    assert.deepEqual([right.user.id, right.user['OS-FEDERATION'], right.methods], [local.id, undefined, ['openid']])
    await world.login(await provider.mint({ email: 'nobody@example.com' }), 401)
    await cloud.admin.patch(`${v3}/users/${local.id}`, { user: { enabled: false } }, 200)
    await world.login(await provider.mint({ email, email_verified: true }), 401)
  })
  await t.test('a token ends with the provider, its protocol, its user and its groups, also where it was handed on', async () => {
    const { provider, cloud } = world
    await world.map(byName)
    const [dev, member, system] = [await makeGroup(cloud, 'dev'), await roleId(cloud, 'member'), await roleId(cloud, 'reader')]
    const works = async (token: string, expected: number) => ask(cloud, token, 'GET', '/v3/auth/projects', { expected })
    await cloud.admin.request('PUT', `${v3}/domains/default/groups/${dev}/roles/${member}`, { expected: 204 })
    await cloud.admin.request('PUT', `${v3}/system/groups/${dev}/roles/${system}`, { expected: 204 })
    const scoped = async (token: string, scope: object, expected = 201) =>
      (await ask(cloud, null, 'POST', '/v3/auth/tokens', { body: tokenAuth(token, scope as never), expected })).headers.get(
        'x-subject-token',
      )!
    const unscoped = await world.ann()
    const inDomain = await scoped(unscoped, { domain: { id: 'default' } })
    await scoped(inDomain, { system: { all: true } })
    const bob = (await world.login(await provider.mint({ sub: 'bob', groups: [] }), 201)).headers.get('x-subject-token')!
    await scoped(bob, { domain: { id: 'default' } }, 401)

    const idp = `${path}/identity_providers/corp`
    await cloud.admin.patch(idp, { identity_provider: { enabled: false } }, 200)
    for (const token of [unscoped, inDomain, bob]) await works(token, 401)
    await world.login(await provider.mint(), 401)
    await cloud.admin.patch(idp, { identity_provider: { enabled: true } }, 200)
    await works(unscoped, 401)
    const second = await world.ann()
    await cloud.admin.delete(`${idp}/protocols/openid`)
    await works(second, 401)
    await cloud.admin.put(`${idp}/protocols/openid`, { protocol: { mapping_id: 'people' } }, 201)
    const third = await scoped(await world.ann(), { domain: { id: 'default' } })
    await cloud.admin.delete(`${v3}/groups/${dev}`)
    await works(third, 401)
    const fourth = await world.ann()
    const { id } = (await cloud.admin.get(`${v3}/users?name=Ann%20Example`)).body.users[0]
    await cloud.admin.patch(`${v3}/users/${id}`, { user: { enabled: false } }, 200)
    await works(fourth, 401)
    await world.login(await provider.mint(), 401)
    await cloud.admin.patch(`${v3}/users/${id}`, { user: { enabled: true } }, 200)
    const fifth = await world.ann()
    await cloud.admin.delete(idp)
    await works(fifth, 401)
  })
})

test('a provider cannot vouch in the name of another one', async () => {
  await using other = await startProvider()
  await using world = await federatedWorld()
  const { provider, cloud } = world
  await cloud.admin.put(`${path}/identity_providers/evil`, { identity_provider: { enabled: true, remote_ids: [other.issuer] } }, 201)
  await cloud.admin.put(`${path}/identity_providers/evil/protocols/openid`, { protocol: { mapping_id: 'people' } }, 201)
  // No settings of the operator belong to the other issuer: nobody is called, whatever an administrator of the API wrote.
  await world.login(await other.mint(), 401, 'evil/protocols/openid')
  assert.equal(other.asked.size, 0)
  await world.login(await other.mint({ iss: provider.issuer }), 401)
  await world.login(await provider.mint(), 401, 'evil/protocols/openid')
  await world.login(await provider.mint(), 401, 'corp/protocols/saml2')
  await world.login(await provider.mint(), 401, 'nobody/protocols/openid')
  // The same name at two providers is two users, each in its own domain.
  const mine = (await world.login(await provider.mint(), 201)).body.token.user
  await cloud.admin.patch(`${path}/identity_providers/corp`, { identity_provider: { remote_ids: [] } }, 200)
  await world.login(await provider.mint(), 401)
  await cloud.admin.patch(`${path}/identity_providers/evil`, { identity_provider: { remote_ids: [provider.issuer] } }, 200)
  const theirs = (await world.login(await provider.mint(), 201, 'evil/protocols/openid')).body.token.user
  assert.notEqual(mine.id, theirs.id)
  assert.notEqual(mine.domain.id, theirs.domain.id)
})

test('nobody becomes a user who is here already by a name of elsewhere', async () => {
  await using world = await federatedWorld({ corp: { domain_id: 'default' } })
  const { provider, cloud } = world
  const admin = (await cloud.admin.get(`${v3}/users?name=admin&domain_id=default`)).body.users[0]
  await world.map([{ remote: [{ type: 'sub' }, { type: 'preferred_username' }], local: [{ user: { name: '{1}' } }] }])
  const { user } = (await world.login(await provider.mint({ sub: 'eve', preferred_username: 'admin' }), 201)).body.token
  assert.notEqual(user.id, admin.id)
  assert.notEqual(user.name, 'admin')
  // Even with the id itself: an ephemeral user's id is made here.
  await world.map([{ remote: [{ type: 'sub' }], local: [{ user: { id: '{0}', name: '{0}' } }] }])
  const second = (await world.login(await provider.mint({ sub: admin.id }), 201)).body.token
  assert.notEqual(second.user.id, admin.id)
  const token = (await world.login(await provider.mint({ sub: admin.id }), 201)).headers.get('x-subject-token')!
  assert.deepEqual((await ask(cloud, token, 'GET', '/v3/auth/projects', { expected: 200 })).body.projects, [])
  assert.equal((await cloud.admin.get(`${v3}/users?name=admin&domain_id=default`)).body.users[0].id, admin.id)
})

test('keys that were taken back sign no more; new ones are asked for, but not for every token that names one', async () => {
  const clock = shiftedClock()
  await using world = await federatedWorld({ cloud: { clock } })
  const { provider } = world
  const old = await provider.mint({ exp: Math.floor(Date.now() / 1000) + 7200 })
  await world.login(old, 201)
  await provider.rotate()
  const fresh = async () => provider.mint({ exp: Math.floor(clock.now() / 1000) + 600 })
  const before = provider.asked.get('/jwks')!
  for (let i = 0; i < 5; i++) await world.login(await provider.mint({}, { kid: `invented-${i}` }), 401)
  assert.equal(provider.asked.get('/jwks'), before, 'asked again within ten seconds')
  clock.shift(11_000)
  await world.login(await fresh(), 201)
  await world.login(old, 401)
  provider.fail = 503
  await world.login(await fresh(), 201)
  clock.shift(11 * 60_000)
  assert.equal((await world.login(await fresh())).status, 503, 'keys are not believed for ever')
  provider.fail = null
  await world.login(await fresh(), 201)
})
