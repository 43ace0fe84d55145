import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { silentLog } from '../../log.ts'
import { askAs } from '../../testing/answered.ts'
import { dice } from '../../testing/fuzz.ts'
import { accountOf, withContainer } from '../../testing/object-store/store.ts'
import { testCloud } from '../../testing/test-cloud.ts'

const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'COPY', 'OPTIONS', 'PATCH', 'REPORT']
const values = [
  '',
  '1',
  'true',
  'get',
  'put',
  'delete',
  'null',
  '-1',
  '9'.repeat(30),
  'things/o',
  '/things/o',
  'things/',
  '%zz',
  '%FF',
  'ü',
  '*',
  '.r:*',
  'text/plain',
]
const queries = (
  'multipart-manifest extract-archive bulk-delete version-id versions version_marker symlink part-number format limit marker end_marker prefix delimiter ' +
  'path reverse temp_url_sig temp_url_expires temp_url_prefix temp_url_ip_range filename inline heartbeat async states acl uploads uploadId partNumber tagging ' +
  'location X-Amz-Signature AWSAccessKeyId Signature'
).split(' ')
const headers = (
  'range if-match if-none-match if-modified-since if-range accept x-copy-from x-copy-from-account destination destination-account x-object-manifest ' +
  'x-symlink-target x-symlink-target-account x-symlink-target-etag x-delete-at x-delete-after x-versions-location x-history-location x-versions-enabled ' +
  'x-container-read x-container-write x-container-sync-to x-container-sync-key x-container-sync-auth x-timestamp x-account-access-control ' +
  'x-account-meta-temp-url-key x-container-meta-quota-bytes x-container-meta-web-error x-container-meta-web-listings x-object-meta-a x-remove-container-read ' +
  'x-web-mode x-fresh-metadata x-newest x-storage-policy etag content-type content-encoding origin referer access-control-request-method x-account-quota-bytes ' +
  'x-object-sysmeta-a x-backend-a x-storage-token x-service-token authorization x-amz-date x-amz-copy-source x-auth-token-extra'
).split(' ')

test('strangers and nobody neither see a byte of a private account nor break anything, whatever they ask', async () => {
  const seed = Number(process.env.NEPHOS_TEST_SEED ?? 20261130)
  using _asker = askAs('dice')
  const { roll: pick, pick: one } = dice(seed)
  const errors: object[] = []
  await using cloud = await testCloud({ log: { ...silentLog, error: (fields) => void errors.push(fields) } })
  const { call, account, at, member } = await withContainer(cloud, 'things', { 'x-container-meta-canary': 'canary' })
  await member.request('POST', account, {
    headers: { 'x-account-meta-temp-url-key': 'canary', 'x-account-meta-canary': 'canary' },
    expected: 204,
  })
  for (const name of ['o', 'canary', '401error.html', 'index.html'])
    await call('PUT', name, 201, { raw: 'canary '.repeat(50), headers: { 'x-object-meta-a': 'canary' } })
  await call('PUT', 'dlo', 201, { headers: { 'x-object-manifest': 'things/can' } })
  await call('PUT', 'slo?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: 'things/canary' }]) })
  await call('PUT', 'link', 201, { headers: { 'x-symlink-target': 'things/canary' } })
  await member.request('PUT', `${account}/versioned`, { headers: { 'x-versions-enabled': 'true' }, expected: 201 })
  for (const raw of ['canary one', 'canary two']) await member.request('PUT', `${account}/versioned/o`, { raw, expected: 201 })
  const stranger = await cloud.as('member', 'project-2')
  const [token, own] = [await stranger.token(), await accountOf(stranger)]
  await stranger.request('PUT', `${own}/things`, { expected: 201 })
  const held = async () => {
    const row = await cloud.cloud.database.read
      .selectFrom('object_store_accounts')
      .selectAll()
      .where('account', '=', account.split('/').at(-1)!)
      .executeTakeFirstOrThrow()
    const containers = await cloud.cloud.database.read
      .selectFrom('object_store_containers')
      .selectAll()
      .where('account', '=', row.account)
      .execute()
    return JSON.stringify([row, containers])
  }
  const before = await held()
  const name = at('').split('/').at(-2)!
  const other = own.split('/').at(-1)!

  const places = [
    '',
    '/',
    '/things',
    '/things/',
    '/things/o',
    '/things/dlo',
    '/things/slo',
    '/things/link',
    '/things/o/',
    '/versioned',
    '/versioned/o',
    '/none',
    '/things/%2e%2e/o',
    '/..',
    '/things%2Fo',
    '/%FF',
    '//',
    '/things/index.html',
  ]
  const ask = (asker: string | null, method: string, path: string, sent: Record<string, string>, body: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const url = new URL(cloud.url)
      const all = { ...sent, ...(asker && { 'x-auth-token': asker }), ...(body && { 'content-length': String(Buffer.byteLength(body)) }) }
      const outgoing = request({ host: url.hostname, port: url.port, method, path, headers: all, agent: false }, (answer) => {
        let text = JSON.stringify(answer.headers)
        answer.setEncoding('latin1').on('data', (piece) => (text += piece))
        answer.on('end', () => resolve({ status: answer.statusCode!, text })).on('error', reject)
      })
      outgoing.on('error', reject).end(body || undefined)
    })
  const spelled = (header: string) =>
    [header, header.replaceAll('-', '_'), header.toUpperCase(), header.replace(/-(\w+)$/, '_$1')][pick(4)]!
  const bodies = ['', '', 'things/o\n/things', `${name}/things/o`, '[{"path":"/things/canary"}]', '[', '<a/>', 'x'.repeat(600)]
  for (let turn = 0; turn < 1500; turn++) {
    const method = one(methods)
    const account = one([name, name, name, other])
    const query = Array.from({ length: pick(4) }, () => `${one(queries)}=${encodeURIComponent(one(values))}`.replace('%25zz', '%zz'))
    const root = one([
      '/object-store/v1/',
      '/object-store/v1/',
      '/object-store/v1/',
      '/object-store/v1.0/',
      '/object-store/',
      '/object-store/v1/endpoints/',
    ])
    const path = `${root}${account}${one(places)}${query.length ? `?${query.join('&')}` : ''}`
    const sent: Record<string, string> = {}
    for (let i = pick(4); i > 0; i--) sent[spelled(one(headers))] = one([...values, `${name}/things/canary`, name]).replace('ü', 'Ã¼')
    const body = ['GET', 'HEAD', 'OPTIONS'].includes(method) ? '' : one(bodies)
    const asker = one([token, null])
    const said = `seed ${seed}: ${asker ? 'stranger' : 'nobody'} ${method} ${path} ${JSON.stringify(sent)} ${JSON.stringify(body)}`
    const { status, text } = await ask(asker, method, path, sent, body).catch((error) => assert.fail(`${said}: ${error}`))
    assert.ok(status < 500 || status === 501, `${said}: ${status} ${text.slice(0, 200)} ${JSON.stringify(errors)}`)
    // What was sent may come back, as the name of something that is missing.
    assert.ok(!text.replaceAll('things/canary', '').includes('canary'), `${said}: ${text.slice(0, 400)}`)
  }
  assert.deepEqual(errors, [], `seed ${seed}`)
  assert.equal(await held(), before, `seed ${seed}`)
})
