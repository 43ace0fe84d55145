// A token bound by access rules: what the body of a bulk request names is held to them like the path of a request.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { testCloud } from '../../../testing/test-cloud.ts'

test('security-07: bulk requests reach no further than the access rules of their token', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const login = (identity: object) => admin.request('POST', '/identity/v3/auth/tokens', { body: { auth: { identity } }, expected: 201 })
  const path = `/v1/AUTH_${await admin.projectId()}`
  const account = `/object-store${path}`
  for (const name of ['open', 'closed', 'closed/o', 'open/o', 'open/b'])
    await admin.request('PUT', `${account}/${name}`, { raw: '', expected: 201 })
  const userId = (await admin.request('GET', '/identity/v3/auth/tokens', { headers: { 'x-subject-token': await admin.token() } })).body
    .token.user.id
  const rules = [
    ['POST', `${path}/open/**`],
    ['DELETE', `${path}/open/o`],
    ['PUT', path],
    ['PUT', `${path}/open/**`],
  ].map(([method, path]) => ({ service: 'object-store', method, path }))
  const made = await admin.request('POST', `/identity/v3/users/${userId}/application_credentials`, {
    body: { application_credential: { name: 'bound', access_rules: rules } },
    expected: 201,
  })
  const { id, secret } = made.body.application_credential
  const token = (await login({ methods: ['application_credential'], application_credential: { id, secret } })).headers.get(
    'x-subject-token',
  )!
  const bound = async (method: string, to: string, body: string | Buffer) => {
    const headers = { 'x-auth-token': token, accept: 'application/json', 'content-type': 'text/plain' }
    const response = await fetch(`${cloud.url}${account}${to}`, { method, headers, body: new Uint8Array(Buffer.from(body)) })
    assert.equal(response.status, 200)
    return (await response.json()) as { Errors: [string, string][]; 'Number Deleted': number; 'Number Files Created': number }
  }
  const names = ['closed/o', '/closed/o', 'clos%65d/o', 'open/b', 'open/../closed/o', 'closed', 'open/o']
  const removed = await bound('POST', '/open/x?bulk-delete', names.join('\n'))
  assert.deepEqual([removed['Number Deleted'], removed.Errors], [1, names.slice(0, -1).map((name) => [name, '401 Unauthorized'])])
  for (const name of ['closed/o', 'open/b']) await admin.request('HEAD', `${account}/${name}`, { expected: 200 })

  const folder = mkdtempSync(join(tmpdir(), 'nephos-tar-'))
  for (const name of ['closed', 'open']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'new'), 'text')
  }
  const archive = execFileSync('tar', ['-c', '-C', folder, 'open', 'closed'])
  rmSync(folder, { recursive: true })
  const stored = await bound('PUT', '?extract-archive=tar', archive)
  assert.deepEqual([stored['Number Files Created'], stored.Errors], [1, [['closed/new', '401 Unauthorized']]])
  await admin.request('HEAD', `${account}/closed/new`, { expected: 404 })
})
