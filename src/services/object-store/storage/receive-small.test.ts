import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import type { Cloud } from '../../../cloud.ts'
import { createEnvironment } from '../../../environment.ts'
import { receiveSmall } from './data.ts'

const cloud = { environment: createEnvironment() } as Cloud

test('a small body of a client who has gone, before or while it is read, is nobody to wait for', async () => {
  const gone = new IncomingMessage(new Socket())
  gone.destroy()
  await assert.rejects(receiveSmall(cloud, gone), { status: 499 })
  const going = new IncomingMessage(new Socket())
  going.push('some')
  const reading = receiveSmall(cloud, going)
  going.destroy()
  await assert.rejects(reading, { status: 499 })
  const whole = new IncomingMessage(new Socket())
  for (const piece of ['so', 'me', null]) whole.push(piece)
  const { size, etag } = await receiveSmall(cloud, whole)
  assert.deepEqual([size, etag], [4, '03d59e663c1af9ac33a9949d1193505a'])
})
