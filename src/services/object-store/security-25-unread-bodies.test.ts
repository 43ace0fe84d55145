import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import http from 'node:http'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { addKey } from '../../testing/object-store/s3.ts'
import { withContainer } from '../../testing/object-store/store.ts'
import { testCloud } from '../../testing/test-cloud.ts'

/** More than the sockets of a connection hold between them, and nothing that anybody can read. */
const much = Buffer.alloc(16 * 2 ** 20, 'no archive ')

/** A form that has its answer with its second file, behind which much is still to come. */
function form(path: string) {
  const [boundary, redirect, expires] = ['b0undary', 'http://page.example/', String(Math.floor(Date.now() / 1000) + 600)]
  const signature = createHmac('sha256', 'key').update([path, redirect, '1000', '1', expires].join('\n')).digest('hex')
  const part = (name: string, text: string) => `--${boundary}\r\nContent-Disposition: form-data; ${name}\r\n\r\n${text}\r\n`
  const fields = Object.entries({ redirect, max_file_size: '1000', max_file_count: '1', expires, signature })
  const texts = [...fields.map(([name, text]) => part(`name="${name}"`, text)), part('name="a"; filename="a"', 'text')]
  const body = Buffer.concat([Buffer.from(texts.join('') + part('name="b"; filename="b"', '')), much])
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }
}

/** The headers of a PUT of an object in chunks, as S3's second signature has it. */
function inChunks(path: string) {
  const [date, payload] = [new Date().toUTCString(), 'STREAMING-UNSIGNED-PAYLOAD-TRAILER']
  const text = `PUT\n\n\n${date}\nx-amz-content-sha256:${payload}\n${path}`
  const authorization = `AWS AKTEST:${createHmac('sha1', 'SECRET').update(text).digest('base64')}`
  return { date, 'x-amz-content-sha256': payload, authorization }
}

test('security-25: a body that is answered before it is read keeps back no request behind it', async () => {
  await using cloud = await testCloud()
  const { member, account, at } = await withContainer(cloud, 'things', { 'x-container-meta-temp-url-key': 'key' })
  await addKey(member, 'AKTEST', 'SECRET')
  const token = { 'x-auth-token': await member.token() }
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const ports = new Set<number | undefined>()
  const send = (method: string, path: string, headers: http.OutgoingHttpHeaders, body: Buffer = Buffer.alloc(0)) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      // Well within the minute after which the server gives up a connection that stands still.
      const signal = AbortSignal.timeout(20_000)
      const all = { ...headers, 'content-length': body.length }
      const request = http.request(cloud.url + path, { method, agent, headers: all, signal }, (answer) => {
        ports.add(request.socket?.localPort)
        let text = ''
        answer.on('data', (piece) => (text += piece)).on('end', () => resolve({ status: answer.statusCode!, text }))
      })
      request.on('error', reject).end(body)
    })
  const archive = (kind: string, body: Buffer) => () =>
    send('PUT', `${account}/things?extract-archive=${kind}`, { ...token, accept: 'application/json' }, body)
  const posted = form(at('').replace('/object-store', ''))
  const early: [what: string, send: () => ReturnType<typeof send>, status: number, text: RegExp][] = [
    ['no archive', archive('tar', much), 200, /Invalid Tar File: bad/],
    ['none that is packed', archive('tar.gz', gzipSync(much, { level: 0 })), 200, /Invalid Tar File: bad/],
    ['one that is not packed', archive('tar.gz', much), 200, /cannot be decompressed/],
    ['one that is not packed with bzip2', archive('tar.bz2', much), 200, /Invalid Tar File/],
    ['too many files', () => send('POST', at(''), posted.headers, posted.body), 303, /Click to continue/],
    ['chunks that are none', () => send('PUT', '/object-store/things/o', inChunks('/object-store/things/o'), much), 400, /InvalidRequest/],
  ]
  try {
    for (const [what, work, status, text] of early) {
      const answer = await work()
      assert.equal(answer.status, status, `${what}: ${answer.text}`)
      assert.match(answer.text, text, what)
      const next = await send('HEAD', account, token)
      assert.equal(next.status, 204)
    }
    assert.equal(ports.size, 1)
  } finally {
    agent.destroy()
  }
})
