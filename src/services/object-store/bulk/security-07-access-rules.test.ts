// A token bound by access rules: what the body of a bulk request names is held to them like the path of a request.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { accountOf, boundToken } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('security-07: bulk requests reach no further than the access rules of their token', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const account = await accountOf(admin)
  for (const name of ['open', 'closed', 'closed/o', 'open/o', 'open/b'])
    await admin.request('PUT', `${account}/${name}`, { raw: '', expected: 201 })
  const token = await boundToken(admin, ['POST /open/**', 'DELETE /open/o', 'PUT ', 'PUT /open/**', 'PUT /fresh/**'])
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
  for (const name of ['closed', 'open', 'fresh']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'new'), 'text')
  }
  const archive = (...names: string[]) => execFileSync('tar', ['-c', '-C', folder, ...names])
  const stored = await bound('PUT', '?extract-archive=tar', archive('open', 'closed'))
  assert.deepEqual([stored['Number Files Created'], stored.Errors], [1, [['closed/new', '401 Unauthorized']]])
  // Its object could be put, the container could not.
  const fresh = await bound('PUT', '?extract-archive=tar', archive('fresh'))
  assert.deepEqual([fresh['Number Files Created'], fresh.Errors], [0, [['fresh/new', '401 Unauthorized']]])
  rmSync(folder, { recursive: true })
  await admin.request('HEAD', `${account}/closed/new`, { expected: 404 })
})
