// What the machine gives at that moment: a bare node:http server under the same load. Virtual machines of one kind differ severalfold
// in this, and one machine within minutes; a part's figures are to be read beside it.
import { spawn } from 'node:child_process'
import { load } from './load.ts'
import type { Row } from './report.ts'

const program = `
const body = 'x'.repeat(2048)
const server = require('node:http').createServer((request, response) => {
  response.setHeader('content-length', body.length)
  response.end(body)
})
server.listen(0, '127.0.0.1', () => process.send(server.address().port))`

/** Answers a second at 16 connections. */
export async function yardstick(): Promise<number> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve(message as number))
      child.once('exit', (code) => reject(new Error(`the yardstick ended with ${code}`)))
    })
    const url = `http://127.0.0.1:${port}/`
    await load({ url, seconds: 1, connections: 16 })
    return (await load({ url, seconds: 3, connections: 16 })).perSecond
  } finally {
    child.kill()
  }
}

/** The rows of a part, with what the machine gave before and after them. */
export async function besideYardstick(measure: () => Promise<Row[]>): Promise<Row[]> {
  const row = (when: string, value: number): Row => ({ what: `node:http alone, ${when}`, value, unit: '/s', peer: null, goal: null })
  const before = row('before', await yardstick())
  const rows = await measure()
  return [before, ...rows, row('after', await yardstick())]
}
