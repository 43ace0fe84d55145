// The files of the page are anybody's to ask for: one who leaves in the middle leaves nothing open.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { until } from '../../../testing/until.ts'
import { servePage } from './page.ts'

/** Files of the library that this process has open. */
const openFiles = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /\/core\/rfb\.js$/.test(readlinkSync(`/proc/self/fd/${fd}`))
    } catch {
      return false
    }
  }).length

test('security-25: a client that leaves amid a file of the console leaves no file open', async (t) => {
  let served = 0
  const server = createServer((request, response) => {
    servePage(request.url!, response)
    response.on('close', () => served++)
  })
  t.after(() => server.close().closeAllConnections())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  for (let count = 0; count < 20; count++) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.once('data', () => socket.destroy())
    socket.write('GET /novnc/core/rfb.js HTTP/1.1\r\nHost: x\r\n\r\n')
  }
  await until('all have left', () => served === 20)
  await until('no file is open', () => openFiles() === 0)
  assert.equal(openFiles(), 0)
})
