import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { configWith } from '../config.ts'
import { freePort } from '../testing/free-port.ts'
import { decideHost } from './decide-host.ts'
import { checkMachine } from './machine.ts'

const folder = mkdtempSync(join(tmpdir(), 'nephos-doctor-'))
after(() => rmSync(folder, { recursive: true }))
const found = async (changes: Parameters<typeof configWith>[0], subject: string) =>
  (await checkMachine(configWith({ host: 'fake', dataDir: folder, ...changes }))).find((finding) => finding.subject === subject)

test('a port in use is found, and is free again afterwards', async () => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const busy = await found({ singlePort: port }, 'ports')
  assert.equal(busy?.verdict, 'fail')
  assert.match(busy.text, new RegExp(String(port)))
  assert.match(busy.mend!, new RegExp(`another than --single-port ${port}, or 0`))
  server.close()
  await once(server, 'close')
  assert.equal((await found({ singlePort: port }, 'ports'))?.verdict, 'ok')
})

test('a data folder that is a file is found', async () => {
  writeFileSync(join(folder, 'file'), '')
  const finding = await found({ dataDir: join(folder, 'file') }, 'data folder')
  assert.equal(finding?.verdict, 'fail')
  assert.equal((await found({ dataDir: join(folder, 'new/deep') }, 'data folder'))?.verdict, 'ok')
})

test('the fake host is taken when asked for; auto says why when it takes it', async () => {
  assert.deepEqual(await decideHost({ host: 'fake' }), { host: 'fake', reason: '' })
  const auto = await decideHost({ host: 'auto' })
  assert.equal(auto.host === 'fake', auto.reason !== '')
})
