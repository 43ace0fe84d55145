import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const line = `/c/${'x'.repeat(3600)}\n`

test('long lists of names that do not end hold so much memory and no more, and keep nobody else from his', {
  timeout: 60_000,
}, async () => {
  await using cloud = await testCloud()
  const { member, account, call } = await withContainer(cloud, 'c')
  const url = new URL(cloud.url + account)
  const token = await member.token()
  const sockets: Socket[] = []
  const answers: string[] = []
  const piece = Buffer.from(line.repeat(100))
  /** Sends a list of some 34 MB, but for its end. */
  const list = () =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(url.port), url.hostname)
      sockets.push(socket.on('error', () => resolve()).on('close', () => resolve()))
      socket.on('data', (answer) => {
        answers.push(String(answer).split('\r\n')[0]!)
        resolve()
      })
      const head = [`POST ${url.pathname}?bulk-delete HTTP/1.1`, 'Host: x', `X-Auth-Token: ${token}`, 'Content-Type: text/plain']
      socket.write(`${head.join('\r\n')}\r\nContent-Length: 37000000\r\n\r\n`)
      const send = (left: number) => (left ? socket.write(piece, () => send(left - 1)) : resolve())
      send(95)
    })
  try {
    for (let i = 0; i < 4; i++) await list()
    for (let i = 0; !answers.length && i < 300; i++) await new Promise((done) => setTimeout(done, 10))
    assert.deepEqual(answers, ['HTTP/1.1 503 Service Unavailable'])
    const other = await cloud.as('member', 'project-2')
    for (const [who, names] of [
      [member, 'c/o'],
      [other, line.repeat(500)],
    ] as const)
      await who.request('POST', `/object-store/v1/AUTH_${await who.projectId()}?bulk-delete`, {
        raw: names,
        headers: { 'content-type': 'text/plain' },
        expected: 200,
      })
  } finally {
    for (const socket of sockets) socket.destroy()
  }
  await call('GET', '', 204)
})

test('what cannot be removed is told a thousand times', async () => {
  await using cloud = await testCloud()
  const { account } = await withContainer(cloud, 'c')
  const other = await cloud.as('member', 'project-2')
  const headers = { 'content-type': 'text/plain', accept: 'application/json' }
  const { body } = await other.request('POST', `${account}?bulk-delete`, { raw: line.repeat(1500), headers, expected: 200 })
  assert.equal(body.Errors.length, 1000)
  assert.deepEqual([body['Response Status'], body['Response Body']], ['400 Bad Request', 'Max delete failures exceeded'])
})
