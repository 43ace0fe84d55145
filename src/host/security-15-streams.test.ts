import assert from 'node:assert/strict'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { silentLog } from '../log.ts'
import { testCloud } from '../testing/test-cloud.ts'
import { until } from '../testing/until.ts'
import { eachCall, type HostCalls } from './calls.ts'
import { connectLink, upgrade } from './link-client.ts'
import { serveLink } from './link-server.ts'

test("security-15: a stream that one host was asked for is opened by no other, and by nobody who only says that host's name", async () => {
  await using cloud = await testCloud()
  const { hosts, database, config } = cloud.cloud
  const socketPath = join(config.dataDir, 'link.sock')
  const server = await serveLink({ socketPath, hosts, log: silentLog })
  const [{ facts } = { facts: {} }] = await hosts.list(database.read)
  const nothing = eachCall(() => () => Promise.reject(new Error('not asked')))
  let asked = false
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const screen = new PassThrough()
  const own: HostCalls = {
    ...nothing,
    async vnc() {
      asked = true
      await opened
      return screen
    },
  }
  const links = []
  for (const [name, calls] of [
    ['own', own],
    ['other', nothing],
  ] as const) {
    await hosts.sync({ host: name, session: `of ${name}`, facts: facts as never, all: false, taken: [], reports: [] }, 0)
    links.push(connectLink({ socketPath, name, session: `of ${name}`, host: calls, log: silentLog }))
  }
  try {
    await until('both are connected', () => ['own', 'other'].every((name) => hosts.calls(name)))
    const stream = hosts.calls('own')!.vnc({ guestId: 'g' })
    await until('it was asked for', () => asked)
    for (const query of ['?host=other&session=of+other', '?host=own&session=of+other', '?host=own', ''])
      for (let id = 0; id < 5; id++)
        await assert.rejects(upgrade(socketPath, `/agent/stream/${id}${query}`, 'nephos-frames'), /404/, `${id}${query}`)
    open()
    const got = await stream
    screen.write('a screen')
    assert.equal(String((await got[Symbol.asyncIterator]().next()).value), 'a screen')
  } finally {
    for (const link of links) link.close()
    await server.close()
  }
})
