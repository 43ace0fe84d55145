import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { testCloud } from '../testing/test-cloud.ts'
import { spelled } from './spelling.ts'

const table: [name: string, spelling: string][] = [
  ['x-subject-token', 'X-Subject-Token'],
  ['content-type', 'Content-Type'],
  ['etag', 'Etag'],
  ['ETag', 'ETag'],
  ['www-authenticate', 'WWW-Authenticate'],
  ['x-account-meta-temp-url-key', 'X-Account-Meta-Temp-Url-Key'],
  ['openstack-api-version', 'OpenStack-API-Version'],
  ['x-openstack-nova-api-version', 'X-OpenStack-Nova-API-Version'],
  ['x-compute-request-id', 'x-compute-request-id'],
  ['x-amz-meta-my_key', 'x-amz-meta-my_key'],
  ['X-Trans-Id', 'X-Trans-Id'],
]
for (const [name, spelling] of table) test(`${name} is sent as ${spelling}`, () => assert.equal(spelled(name), spelling))

/** Names of the headers of an answer as they came over the wire. */
async function namesOf(url: string, path: string, headers: Record<string, string> = {}): Promise<string[]> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  let answer = ''
  socket.on('data', (piece) => (answer += piece))
  const lines = Object.entries({ host: 'x', connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  await once(socket, 'close')
  return answer
    .split('\r\n\r\n')[0]!
    .split('\r\n')
    .slice(1)
    .map((line) => line.slice(0, line.indexOf(':')))
}

test('headers come over the wire as scripts look for them, in answers and in faults', async () => {
  await using cloud = await testCloud()
  const token = await cloud.admin.token()
  const shown = await namesOf(cloud.url, '/identity/v3/auth/tokens', { 'x-auth-token': token, 'x-subject-token': token })
  for (const name of ['X-Subject-Token', 'Vary', 'Content-Type', 'Content-Length', 'x-openstack-request-id'])
    assert.ok(shown.includes(name), `${shown}`)
  const refused = await namesOf(cloud.url, '/compute/v2.1/servers')
  for (const name of ['WWW-Authenticate', 'Content-Type', 'x-compute-request-id']) assert.ok(refused.includes(name), `${refused}`)
  const account = await namesOf(cloud.url, `/object-store/v1/AUTH_${await cloud.admin.projectId()}`, { 'x-auth-token': token })
  for (const name of ['X-Account-Object-Count', 'X-Trans-Id', 'X-Openstack-Request-Id']) assert.ok(account.includes(name), `${account}`)
})
