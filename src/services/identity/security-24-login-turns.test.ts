// Many wrong logins of one address delay a true one of another by a turn, and do not wait for ever.
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { makeUser, passwordAuth } from '../../testing/identity/users.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { until } from '../../testing/until.ts'

test('a true login overtakes the wrong ones of another address, and those beyond a limit are sent away', async () => {
  await using cloud = await testCloud({ settings: { passwordCost: 13 } })
  const user = await makeUser(cloud)
  const agent = new http.Agent({ maxSockets: Number.POSITIVE_INFINITY })
  const finished: [name: string, status: number, retryAfter: string | undefined][] = []
  const login = (name: string, password: string, localAddress: string) =>
    new Promise<void>((resolve, reject) => {
      const body = JSON.stringify(passwordAuth({ id: user.id }, password))
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const request = http.request(`${cloud.url}/identity/v3/auth/tokens`, { method: 'POST', agent, localAddress, headers }, (answer) => {
        answer.resume()
        answer.on('end', () => {
          finished.push([name, answer.statusCode!, answer.headers['retry-after']])
          resolve()
        })
      })
      request.on('error', reject)
      request.end(body)
    })
  const flood = Array.from({ length: 150 }, () => login('wrong', 'wrong', '127.0.0.2'))
  // Who is sent away found the line full.
  await until('one is sent away', () => finished.some(([, code]) => code === 429))
  assert.ok(finished.every(([, code, retryAfter]) => code === 401 || (code === 429 && /^\d+$/.test(retryAfter!))))
  const looked = () => finished.filter(([, code]) => code === 401).length
  const before = looked()
  await login('true', user.password, '127.0.0.1')
  const overtaken = looked() - before
  await Promise.all(flood)
  agent.destroy()
  const codes = finished.map(([, code]) => code)
  assert.equal(codes.filter((code) => code === 201).length, 1)
  const after = looked() - before
  assert.ok(after >= 32, `${after} waited`)
  assert.ok(overtaken < after / 2, `${overtaken} of ${after} wrong ones came first`)
})
