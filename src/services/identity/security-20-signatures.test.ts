// Signed requests give a token only to services, only for a quarter of an hour, and only as much as the keys' user has.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { ask, makeProject, makeUser, roleId, shiftedClock } from '../../testing/identity/users.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'
import { encryptBlob } from './credentials/blob.ts'

type Keys = { access: string; secret: string }
const sign = (key: string | Buffer, text: string, algorithm = 'sha256') => createHmac(algorithm, key).update(text).digest()
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
const basic = (ms: number) => iso(ms).replace(/[-:]/g, '')

function v2({ access, secret }: Keys, ms: number) {
  const params: Record<string, string> = {
    AWSAccessKeyId: access,
    Action: 'DescribeInstances',
    'Filter.1 (*)': "a~b'c/ü",
    SignatureMethod: 'HmacSHA256',
    SignatureVersion: '2',
    Timestamp: iso(ms),
  }
  const quote = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const query = Object.keys(params)
    .sort()
    .map((name) => `${quote(name)}=${quote(params[name]!)}`)
    .join('&')
  const signature = sign(secret, `GET\ncloud:8773\n/services/Cloud\n${query}`).toString('base64')
  return { access, signature, host: 'cloud:8773', verb: 'GET', path: '/services/Cloud', params, headers: {}, body_hash: null }
}

function v4({ access, secret }: Keys, ms: number, service = 'ec2') {
  const time = basic(ms)
  const scope = [time.slice(0, 8), 'region', service, 'aws4_request']
  const body_hash = createHash('sha256').update('Action=Foo').digest('hex')
  const canonical = ['POST', '/', '', `host:cloud\nx-amz-date:${time}\n`, 'host;x-amz-date', body_hash].join('\n')
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n')
  let key = Buffer.from(`AWS4${secret}`)
  for (const part of scope) key = sign(key, part)
  const signature = sign(key, text).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${access}/${scope.join('/')}, SignedHeaders=host;x-amz-date, Signature=${signature}`
  return {
    access,
    signature,
    host: 'cloud',
    verb: 'POST',
    path: '/',
    params: { Action: 'Foo' },
    headers: { Host: 'cloud', 'X-Amz-Date': time, Authorization: authorization },
    body_hash,
    text,
  }
}

async function world(clock = shiftedClock()) {
  const cloud = await testCloud({ clock })
  const project = await makeProject(cloud, 'p')
  const user = await makeUser(cloud, [['member', `/projects/${project}`]])
  const own = await user.login({ project: { id: project } })
  const keys: Keys = (
    await ask(cloud, own, 'POST', `/v3/users/${user.id}/credentials/OS-EC2`, { body: { tenant_id: project }, expected: 201 })
  ).body.credential
  return { cloud, clock, project, user, own, keys, admin: await cloud.admin.token() }
}

const ec2 = (cloud: TestCloud, token: string | null, request: object, expected: number) =>
  ask(cloud, token, 'POST', '/v3/ec2tokens', { body: { ec2Credentials: request }, expected })
const s3 = (cloud: TestCloud, token: string | null, { access }: Keys, text: string, signature: string, expected: number) =>
  ask(cloud, token, 'POST', '/v3/s3tokens', {
    body: { credentials: { access, signature, token: Buffer.from(text).toString('base64') } },
    expected,
  })

test('versions 2 and 4 give the user and project of the keys; any change of the request gives nothing', async () => {
  const { cloud, clock, user, project, keys, admin } = await world()
  await using _ = cloud
  for (const make of [v2, v4]) {
    const right = make(keys, clock.now())
    const { token } = (await ec2(cloud, admin, right, 200)).body
    assert.equal(token.user.id, user.id)
    assert.equal(token.project.id, project)
    assert.deepEqual(token.methods, ['ec2credential'])
    for (const change of [
      { verb: 'DELETE' },
      { path: '/other' },
      { signature: `${right.signature.slice(0, -2)}AA` },
      { host: 'elsewhere' },
      { access: 'f'.repeat(32) },
    ])
      await ec2(cloud, admin, { ...right, ...change }, 401)
  }
  const signed = v2(keys, clock.now())
  await ec2(cloud, admin, { ...signed, params: { ...signed.params, Action: 'TerminateInstances' } }, 401)
  await ec2(cloud, admin, { ...signed, params: { ...signed.params, SignatureVersion: '1' } }, 401)
  await ec2(cloud, admin, { ...signed, params: { ...signed.params, SignatureVersion: '0' } }, 401)
  const posted = v4(keys, clock.now())
  await ec2(cloud, admin, { ...posted, body_hash: 'f'.repeat(64) }, 401)
  await ec2(cloud, admin, { ...posted, host: 'cloud:8773' }, 200)
  for (const bad of [{}, { access: 1 }, { ...signed, params: 'x' }, { ...signed, access: 'a'.repeat(256) }])
    await ec2(cloud, admin, bad, 400)
})

test('only administrators and services may ask, and only in time', async () => {
  const { cloud, clock, project, keys, admin, own } = await world()
  await using _ = cloud
  const request = v2(keys, clock.now())
  await ec2(cloud, null, request, 401)
  await ec2(cloud, own, request, 403)
  const service = await makeUser(cloud)
  await cloud.admin.post('/identity/v3/roles', { role: { name: 'service' } })
  await cloud.admin.request('PUT', `/identity/v3/projects/${project}/users/${service.id}/roles/${await roleId(cloud, 'service')}`, {
    expected: 204,
  })
  await ec2(cloud, await service.login({ project: { id: project } }), request, 200)
  for (const make of [v2, v4]) {
    await ec2(cloud, admin, make(keys, clock.now() - 950_000), 401)
    await ec2(cloud, admin, make(keys, clock.now() + 950_000), 401)
  }
  const replayed = v4(keys, clock.now())
  await ec2(cloud, admin, replayed, 200)
  clock.shift(901_000)
  await ec2(cloud, admin, replayed, 401)
  const { Timestamp: _t, ...timeless } = request.params
  await ec2(cloud, admin, { ...request, params: timeless }, 401)
})

test('S3 strings to sign count for S3 alone; presigned addresses prove nothing', async () => {
  const { cloud, clock, keys, admin, own, user } = await world()
  await using _ = cloud
  const text2 = (date: string) => `GET\n\n\n${date}\n/bucket/key`
  const signed2 = (text: string) => sign(keys.secret, text, 'sha1').toString('base64')
  const now = text2(new Date(clock.now()).toUTCString())
  assert.equal((await s3(cloud, admin, keys, now, signed2(now), 200)).body.token.user.id, user.id)
  await s3(cloud, own, keys, now, signed2(now), 403)
  await s3(cloud, admin, keys, `${now}2`, signed2(now), 401)
  const old = text2(new Date(clock.now() - 950_000).toUTCString())
  await s3(cloud, admin, keys, old, signed2(old), 401)
  const presigned = text2(String(Math.floor(clock.now() / 1000) + 600))
  await s3(cloud, admin, keys, presigned, signed2(presigned), 401)
  const four = v4(keys, clock.now(), 's3')
  await s3(cloud, admin, keys, four.text, four.signature, 200)
  await ec2(cloud, admin, four, 401)
  const other = v4(keys, clock.now(), 'ec2')
  await s3(cloud, admin, keys, other.text, other.signature, 401)
})

test('keys end with the role, the user and themselves; others do not see them', async () => {
  const { cloud, clock, user, project, keys, admin, own } = await world()
  await using _ = cloud
  const path = `/v3/users/${user.id}/credentials/OS-EC2`
  const stranger = await (await makeUser(cloud, [['member', `/projects/${project}`]])).login({ project: { id: project } })
  for (const [method, where] of [
    ['GET', path],
    ['GET', `${path}/${keys.access}`],
    ['DELETE', `${path}/${keys.access}`],
  ] as const)
    await ask(cloud, stranger, method, where, { expected: 403 })
  await ask(cloud, stranger, 'POST', path, { body: { tenant_id: project }, expected: 403 })
  for (const body of [{}, { tenant_id: 5 }, { tenant_id: project, more: 1 }]) await ask(cloud, own, 'POST', path, { body, expected: 400 })
  await ask(cloud, own, 'POST', path, { body: { tenant_id: 'nowhere' }, expected: 404 })
  assert.equal((await ask(cloud, own, 'GET', path, { expected: 200 })).body.credentials[0].secret, keys.secret)
  const bearer = (await ec2(cloud, admin, v2(keys, clock.now()), 200)).headers.get('x-subject-token')!
  await ask(cloud, bearer, 'GET', '/v3/auth/catalog', { expected: 200 })
  const grant = `/identity/v3/projects/${project}/users/${user.id}/roles/${await roleId(cloud, 'member')}`
  await cloud.admin.delete(grant)
  await ask(cloud, bearer, 'GET', '/v3/auth/catalog', { expected: 401 })
  await ec2(cloud, admin, v2(keys, clock.now()), 401)
  await cloud.admin.request('PUT', grant, { expected: 204 })
  await ec2(cloud, admin, v2(keys, clock.now()), 200)
  await ask(cloud, await user.login({ project: { id: project } }), 'DELETE', `${path}/${keys.access}`, { expected: 204 })
  await ask(cloud, bearer, 'GET', '/v3/auth/catalog', { expected: 401 })
  await ec2(cloud, admin, v2(keys, clock.now()), 401)
  await ask(cloud, await user.login(), 'GET', `${path}/${keys.access}`, { expected: 404 })
})

test('a secret that is empty or no text is not kept, and one that was kept before signs nothing', async () => {
  const { cloud, clock, user, project, keys, admin, own } = await world()
  await using _ = cloud
  const credentials = '/v3/credentials'
  const credential = (blob: unknown) => ({ credential: { type: 'ec2', project_id: project, blob: JSON.stringify(blob) } })
  for (const secret of ['', null, 12345678, ['12345678'], undefined])
    await ask(cloud, own, 'POST', credentials, { body: credential({ access: 'mine', secret }), expected: 400 })
  for (const blob of [
    null,
    'text',
    [],
    { secret: 'long-enough' },
    { access: '', secret: 'long-enough' },
    { access: 5, secret: 'long-enough' },
  ])
    await ask(cloud, own, 'POST', credentials, { body: credential(blob), expected: 400 })
  const { id } = (
    await ask(cloud, own, 'POST', credentials, { body: credential({ access: 'mine', secret: 'long-enough' }), expected: 201 })
  ).body.credential
  await ask(cloud, own, 'PATCH', `${credentials}/${id}`, { body: credential({ access: 'mine', secret: '' }), expected: 400 })
  await ec2(cloud, admin, v2({ access: 'mine', secret: 'long-enough' }, clock.now()), 200)
  // Rows as an older version, or another cloud's database, may have them.
  for (const blob of ['{"access":"mine","secret":""}', '{"access":"mine"}', '{"access":"mine","secret":null}', 'null', 'text']) {
    await cloud.cloud.database.write(({ db }) =>
      db
        .updateTable('identity_credentials')
        .set({ encrypted_blob: encryptBlob(cloud.cloud, blob) })
        .where('id', '=', id)
        .execute(),
    )
    for (const secret of ['', '-', 'null', 'undefined']) {
      await ec2(cloud, admin, v2({ access: 'mine', secret }, clock.now()), 401)
      await ec2(cloud, admin, v4({ access: 'mine', secret }, clock.now()), 401)
    }
    assert.equal(await cloud.cloud.identity.ec2('mine'), null)
    await ask(cloud, own, 'GET', `/v3/users/${user.id}/credentials/OS-EC2`, { expected: 200 })
  }
  assert.ok(await cloud.cloud.identity.ec2(keys.access))
})
