import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ask, makeUser, passwordAuth, shiftedClock } from '../testing/identity/users.ts'
import { testCloud } from '../testing/test-cloud.ts'
import { fernetDecrypt, fernetEncrypt, fernetKey } from './fernet.ts'
import { openKeys } from './keys.ts'
import { secretColumns } from './reencrypt.ts'
import { keepKeysFresh } from './rotation.ts'

const day = 86_400_000

test('tokens outlive new keys, until the last of them has ended and its key is dropped', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock, settings: { tokenLifetime: 3600, allowExpiredWindow: 86_400, keyRotationDays: 0 } })
  const { keys, config, environment, database } = cloud.cloud
  const user = await makeUser(cloud)
  const token = await user.login()
  const works = (expected: number, text = token) => ask(cloud, text, 'GET', '/v3/auth/projects', { expected })
  const admin = () =>
    ask(cloud, null, 'POST', '/v3/auth/tokens', {
      body: passwordAuth({ name: 'admin', domain: { id: 'default' } }, 'test-admin', { system: { all: true } }),
      expected: 201,
    }).then(({ headers }) => headers.get('x-subject-token'))
  const expired = async (expected: number) =>
    ask(cloud, await admin(), 'GET', '/v3/auth/tokens?allow_expired=1', { headers: { 'x-subject-token': token }, expected })
  const tokenKeys = async () =>
    (await keys.status()).filter(({ purpose }) => purpose === 'token').map(({ number, state }) => `${number} ${state}`)
  assert.deepEqual(await tokenKeys(), ['2 staged', '1 primary'])
  // However often keys change while it lives.
  for (let i = 0; i < 5; i++) await cloud.cloud.rotateKeys('token')
  await works(200)
  await works(200, await user.login())
  assert.equal((await tokenKeys()).length, 7)
  await cloud.restart()
  await works(200)
  clock.shift(2 * 3600_000)
  await works(401)
  await expired(200)
  await cloud.cloud.rotateKeys('token')
  await expired(200) // the window of allow_expired is not over
  clock.shift(day)
  await cloud.cloud.rotateKeys('token')
  assert.equal((await cloud.cloud.keys.status()).filter(({ purpose }) => purpose === 'token').length, 4)
  assert.equal(cloud.cloud.tokens.read(token, 10 * 86_400), null) // not even by its text
  // By the calendar: not before the time, once when it has come, also when many look.
  const parts = { config: { ...config, keyRotationDays: 30 }, environment, database: cloud.cloud.database, keys: cloud.cloud.keys }
  const newest = async () => Math.max(...(await cloud.cloud.keys.status()).map(({ number }) => number))
  const before = await newest()
  await keepKeysFresh(parts)
  assert.equal(await newest(), before)
  clock.shift(31 * day)
  await Promise.all([keepKeysFresh(parts), keepKeysFresh(parts), keepKeysFresh(parts)])
  assert.equal(await newest(), before + 1)
  assert.ok(database)
})

test('new keys of secrets: everything is put under them and can be read, what was under former ones is not there any more', async () => {
  const clock = shiftedClock()
  await using cloud = await testCloud({ clock })
  const v3 = '/identity/v3'
  const { admin } = cloud
  const made = []
  for (let i = 0; i < 3; i++)
    made.push((await admin.post(`${v3}/credentials`, { credential: { type: 'note', blob: `secret ${i}` } }, 201)).body.credential.id)
  await admin.put(`${v3}/domains/default/config`, { config: { ldap: { password: 'hush' } } }, 201)
  const consumer = (await admin.post(`${v3}/OS-OAUTH1/consumers`, { consumer: { description: 'c' } }, 201)).body.consumer
  assert.ok(consumer.secret)
  const first = cloud.cloud.keys.credential.keys()
  assert.equal(await cloud.cloud.rotateKeys('credential'), 5)
  assert.equal(await cloud.cloud.rotateKeys('credential'), 5)
  for (const [index, id] of made.entries())
    assert.equal((await admin.get(`${v3}/credentials/${id}`)).body.credential.blob, `secret ${index}`)
  const { read } = cloud.cloud.database
  const texts = (await read.selectFrom('identity_credentials').select('encrypted_blob').execute()).map((row) => row.encrypted_blob)
  assert.ok(texts.every((text) => !fernetDecrypt([first[0]!], text, 1e6)))
  // Former keys are dropped a day after everything was moved.
  const old = async () =>
    (await cloud.cloud.keys.status()).filter(({ purpose, state }) => purpose === 'credential' && state === 'old').length
  assert.equal(await old(), 2)
  clock.shift(day + 60_000)
  const { config, environment, database, keys } = cloud.cloud
  await keepKeysFresh({ config: { ...config, keyRotationDays: 0 }, environment, database, keys })
  assert.equal(await old(), 0)
  for (const id of made)
    await admin.request('GET', `${v3}/credentials/${id}`, { headers: { 'x-auth-token': await relogin() }, expected: 200 })
  async function relogin(): Promise<string> {
    const body = passwordAuth({ name: 'admin', domain: { id: 'default' } }, 'test-admin', { system: { all: true } })
    return (await ask(cloud, null, 'POST', '/v3/auth/tokens', { body, expected: 201 })).headers.get('x-subject-token')!
  }
})

test('every column of secrets is known', async () => {
  await using cloud = await testCloud()
  const { read, dialect } = cloud.cloud.database
  const tables = await read.introspection.getTables().catch(() => [])
  if (dialect === 'sqlite') assert.ok(tables.length > 20)
  const named = tables.flatMap(({ name, columns }) =>
    columns.filter((column) => column.name.startsWith('encrypted_')).map((column) => `${name}.${column.name}`),
  )
  const known = secretColumns.map((pair) => pair.join('.'))
  assert.deepEqual(
    named.filter((name) => !known.includes(name)),
    [],
  )
})

test('the master key: its own file, refused when it is missing or another; keys of a former version are taken over', async () => {
  await using cloud = await testCloud()
  const { config, environment, database } = cloud.cloud
  const file = join(config.dataDir, 'master-key')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const rows = await database.read.selectFrom('identity_keys').selectAll().execute()
  assert.ok(!rows.some((row) => row.wrapped_key.includes(readFileSync(file, 'utf8').trim())))
  const folder = mkdtempSync(join(tmpdir(), 'nephos-keys-'))
  try {
    const elsewhere = { ...config, dataDir: folder }
    await assert.rejects(openKeys({ config: elsewhere, environment, database }), /does not exist. Copy it/)
    writeFileSync(join(folder, 'master-key'), environment.random.bytes(32).toString('base64url'))
    await assert.rejects(openKeys({ config: elsewhere, environment, database }), /under another master key/)
    const same = await openKeys({ config: { ...elsewhere, keyFile: file }, environment, database })
    assert.deepEqual(same.token.keys(), cloud.cloud.keys.token.keys())

    const texts = [1, 2].map(() => environment.random.bytes(32))
    mkdirSync(join(folder, 'keys'))
    writeFileSync(join(folder, 'keys', '0'), texts[1]!.toString('base64url'))
    writeFileSync(join(folder, 'keys', '1'), texts[0]!.toString('base64url'))
    await database.write(({ db }) => db.deleteFrom('identity_keys').execute())
    const taken = await openKeys({ config: elsewhere, environment, database })
    const sealed = fernetEncrypt(fernetKey(texts[0]!), Buffer.from('x'), 1, Buffer.alloc(16))
    assert.equal(fernetDecrypt([taken.token.keys()[0]!], sealed)?.payload.toString(), 'x')
    assert.deepEqual(taken.token.keys()[1], fernetKey(texts[1]!))
    assert.ok(!existsSync(join(folder, 'keys')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
