import assert from 'node:assert/strict'
import { get } from 'node:http'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, silentLog } from '../../../log.ts'
import { withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

test('who leaves in the middle of an object is no error of ours', async () => {
  const errors: string[] = []
  const log: Log = { ...silentLog, error: (about, text) => void errors.push(`${text} ${JSON.stringify(about)}`) }
  await using cloud = await testCloud({ log })
  const { member, at, call } = await withContainer(cloud)
  await call('PUT', 'o', 201, { raw: Buffer.alloc(24 * 1024 * 1024) })
  const headers = { 'x-auth-token': await member.token() }
  await call('PUT', 'slo?multipart-manifest=put', 201, { raw: JSON.stringify([{ path: '/things/o' }, { path: '/things/o' }]) })
  for (let round = 0; round < 20; round++)
    await new Promise<void>((resolve) => {
      const asked = get(cloud.url + at(round % 4 < 2 ? 'o' : 'slo'), { headers }, (answer) => {
        answer.once('data', () => {
          // What is on its way is not taken any more.
          answer.pause()
          setTimeout(() => (round % 2 ? answer.socket.resetAndDestroy() : answer.destroy()), 40)
        })
        answer.once('close', resolve)
        answer.once('error', () => {})
      })
      asked.once('error', () => resolve())
    })
  await sleep(300)
  assert.deepEqual(errors, [])
})
