import type { Command } from 'commander'
import { UserError } from '../config.ts'
import { openStream } from './control.ts'
import { configOf } from './options.ts'

/** Joins standard input and output to a TCP port that is reached from the outside namespace. Ends when the far side does. */
export async function connect(command: Command, [address = '', port = '']: string[]): Promise<void> {
  const number = Number(port)
  if (!/^\d+$/.test(port) || number < 1 || number > 65535) throw new UserError(`${JSON.stringify(port)} is no port.`, 2)
  const socket = await openStream(configOf(command).dataDir, address, number)
  process.stdin.pipe(socket)
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      if (!process.stdout.write(chunk)) {
        socket.pause()
        process.stdout.once('drain', () => socket.resume())
      }
    })
    socket.on('error', (error) => reject(new UserError(`The connection to ${address}:${port} broke: ${error.message}`)))
    socket.on('end', () => process.stdout.write('', () => resolve()))
  })
}
