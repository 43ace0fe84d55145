import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formOf, makeAccessToken, oauthHeader, oauthLogin } from '../../../testing/identity/delegations.ts'
import { ask, makeProject, makeUser, roleId, shiftedClock } from '../../../testing/identity/users.ts'
import { testCloud } from '../../../testing/test-cloud.ts'
import { baseString, isSigned, oauthParameters } from './signature.ts'

test('the example of the specification has its signature', () => {
  // RFC 5849, 1.2: the request for a photo.
  const header =
    'OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"'
  const parameters = oauthParameters(header)!
  const query = Object.entries({ file: 'vacation.jpg', size: 'original' })
  const text = baseString('GET', 'http://photos.example.net:80/photos', query, parameters)
  assert.ok(isSigned(text, 'kd94hf93k423kf44', 'pfkkdhi9sl3r4s00', parameters.get('oauth_signature')!))
  assert.ok(!isSigned(text, 'kd94hf93k423kf44', 'pfkkdhi9sl3r4s01', parameters.get('oauth_signature')!))
  for (const junk of [undefined, '', 'Basic x', 'OAuth a', 'OAuth a="1", a="2"', 'OAuth a="%zz"']) assert.equal(oauthParameters(junk), null)
})

async function world() {
  const clock = shiftedClock()
  const cloud = await testCloud({ clock })
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['manager', `/projects/${project}`]])
  const own = await user.login({ project: { id: project } })
  return { clock, cloud, project, user, own, member: { id: await roleId(cloud, 'member') } }
}

test('every way to sign that clients have, and no other', async () => {
  const { cloud, own, project, member } = await world()
  await using _ = cloud
  const signing = await makeAccessToken(cloud, own, project, [member])
  for (const signatureMethod of ['HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512', 'PLAINTEXT']) {
    await oauthLogin(cloud, { ...signing, signatureMethod }, 201)
    const forged = { ...signing, signatureMethod, token: { ...signing.token, secret: 'f'.repeat(32) } }
    await oauthLogin(cloud, forged, 401)
    // Plain ones too count once.
    const once = { ...signing, signatureMethod, nonce: signatureMethod.toLowerCase(), timestamp: Math.floor(Date.now() / 1000) }
    await oauthLogin(cloud, once, 201)
    await oauthLogin(cloud, once, 401)
  }
  for (const signatureMethod of ['HMAC-MD5', 'sha1', 'constructor']) {
    const headers = { authorization: oauthHeader(cloud, '/v3/auth/tokens', signing).replace('HMAC-SHA1', signatureMethod) }
    const body = { auth: { identity: { methods: ['oauth1'], oauth1: {} } } }
    await ask(cloud, null, 'POST', '/v3/auth/tokens', { headers, body, expected: 401 })
  }
})

test('a consumer gets a token with the roles that the user let it have, until that is revoked', async () => {
  const { cloud, project, user, own, member } = await world()
  await using _ = cloud
  const signing = await makeAccessToken(cloud, own, project, [member])
  const { body, headers } = await oauthLogin(cloud, signing, 201)
  assert.equal(body.token.user.id, user.id)
  assert.equal(body.token.project.id, project)
  assert.deepEqual(
    body.token.roles.map((role: { name: string }) => role.name),
    ['member', 'reader'],
  )
  assert.deepEqual(body.token['OS-OAUTH1'], { access_token_id: signing.token.id, consumer_id: signing.consumer.id })
  const stranger = await (await makeUser(cloud)).login()
  for (const root of [`/v3/users/${user.id}/OS-OAUTH1/access_tokens`, `/v3/OS-OAUTH1/users/${user.id}/access_tokens`]) {
    const one = `${root}/${signing.token.id}`
    assert.equal((await ask(cloud, own, 'GET', root, { expected: 200 })).body.access_tokens[0].id, signing.token.id)
    assert.equal((await ask(cloud, own, 'GET', one, { expected: 200 })).body.access_token.project_id, project)
    assert.equal((await ask(cloud, own, 'GET', `${one}/roles`, { expected: 200 })).body.roles[0].id, member.id)
    await ask(cloud, own, 'GET', `${one}/roles/${member.id}`, { expected: 200 })
    await ask(cloud, own, 'GET', `${one}/roles/nowhere`, { expected: 404 })
    await ask(cloud, own, 'GET', `${root}/nowhere`, { expected: 404 })
    for (const path of [root, one, `${one}/roles`]) await ask(cloud, stranger, 'GET', path, { expected: 403 })
  }
  await ask(cloud, stranger, 'DELETE', `/v3/users/${user.id}/OS-OAUTH1/access_tokens/${signing.token.id}`, { expected: 403 })
  await ask(cloud, own, 'DELETE', `/v3/users/${user.id}/OS-OAUTH1/access_tokens/${signing.token.id}`, { expected: 204 })
  await ask(cloud, headers.get('x-subject-token'), 'GET', '/v3/auth/catalog', { expected: 401 })
  await oauthLogin(cloud, signing, 401)
  const second = await makeAccessToken(cloud, own, project, [member])
  const bearer = (await oauthLogin(cloud, second, 201)).headers.get('x-subject-token')!
  await cloud.admin.delete(`/identity/v3/OS-OAUTH1/consumers/${second.consumer.id}`)
  await ask(cloud, bearer, 'GET', '/v3/auth/catalog', { expected: 401 })
  await oauthLogin(cloud, second, 401)
})

test('each part of the signature counts, and each signed request once', async () => {
  const { clock, cloud, project, own, member } = await world()
  await using _ = cloud
  const signing = await makeAccessToken(cloud, own, project, [member])
  const { consumer, token } = signing
  for (const wrong of [
    { ...signing, consumer: { ...consumer, secret: 'x' } },
    { ...signing, token: { ...token, secret: 'x' } },
    { ...signing, consumer: { ...consumer, id: 'x' } },
    { ...signing, token: { ...token, id: 'x' } },
    { ...signing, token: undefined },
    { ...signing, method: 'GET' },
    { ...signing, timestamp: Math.floor(clock.now() / 1000) - 700 },
    { ...signing, timestamp: Math.floor(clock.now() / 1000) + 700 },
  ] as (typeof signing)[])
    await oauthLogin(cloud, wrong, 401)
  const other = (await cloud.admin.post('/identity/v3/OS-OAUTH1/consumers', { consumer: {} }, 201)).body.consumer
  await oauthLogin(cloud, { ...signing, consumer: other }, 401)
  await oauthLogin(cloud, { ...signing, nonce: 'once' } as never, 201)
  await oauthLogin(cloud, { ...signing, nonce: 'once' } as never, 401)
  clock.shift(86_500_000)
  await oauthLogin(cloud, { ...signing, timestamp: Math.floor(clock.now() / 1000) } as never, 401)
})

test('a request token is authorized once, with own roles, and exchanged once with its verifier', async () => {
  const { cloud, project, own, member } = await world()
  await using _ = cloud
  const { consumer } = (await cloud.admin.post('/identity/v3/OS-OAUTH1/consumers', { consumer: { description: 'd' } }, 201)).body
  const path = '/v3/OS-OAUTH1/request_token'
  const begin = async (headers: Record<string, string>, expected: number) =>
    formOf(
      await ask(cloud, null, 'POST', path, {
        headers: { authorization: oauthHeader(cloud, path, { consumer, callback: 'oob' }), ...headers },
        expected,
      }),
    )
  await begin({}, 400)
  await begin({ 'requested-project-id': 'nowhere' }, 404)
  await begin({ 'requested-project-id': project, authorization: '' }, 401)
  const request = await begin({ 'requested-project-id': project }, 201)
  const authorize = (roles: unknown, expected: number, token = own) =>
    ask(cloud, token, 'PUT', `/v3/OS-OAUTH1/authorize/${request.id}`, { body: { roles }, expected })
  const exchange = async (verifier: string, expected: number) =>
    ask(cloud, null, 'POST', '/v3/OS-OAUTH1/access_token', {
      headers: { authorization: oauthHeader(cloud, '/v3/OS-OAUTH1/access_token', { consumer, token: request, verifier }) },
      expected,
    })
  await exchange('', 401)
  await authorize([{ name: 'admin' }], 403)
  await authorize([], 400)
  await authorize('x', 400)
  await authorize([member], 403, await (await makeUser(cloud)).login())
  const verifier = (await authorize([member], 200)).body.token.oauth_verifier
  await authorize([member], 409)
  await exchange('wrong', 401)
  await exchange(verifier, 201)
  await exchange(verifier, 401)
})

test('consumers are for administrators, and show their secret once', async () => {
  const { cloud, own } = await world()
  await using _ = cloud
  const { consumer } = (await cloud.admin.post('/identity/v3/OS-OAUTH1/consumers', { consumer: { description: 'd' } }, 201)).body
  const one = `/identity/v3/OS-OAUTH1/consumers/${consumer.id}`
  assert.equal((await cloud.admin.get(one)).body.consumer.secret, undefined)
  assert.equal((await cloud.admin.patch(one, { consumer: { description: 'e' } }, 200)).body.consumer.description, 'e')
  await cloud.admin.patch(one, { consumer: { secret: 'mine' } }, 400)
  await cloud.admin.patch(one, { consumer: { description: 5 } }, 400)
  for (const [method, path] of [
    ['GET', '/v3/OS-OAUTH1/consumers'],
    ['GET', one.slice(9)],
    ['DELETE', one.slice(9)],
  ] as const)
    await ask(cloud, own, method, path, { expected: 403 })
  const rows = JSON.stringify(await cloud.cloud.database.read.selectFrom('identity_consumers').selectAll().execute())
  assert.ok(!rows.includes(consumer.secret))
  await cloud.admin.delete(one)
  await cloud.admin.get(one, 404)
})
