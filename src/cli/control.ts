// Talks to a running cloud over its control socket: HTTP on <data folder>/run/control.sock.
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { UserError } from '../config.ts'

export const controlSocket = (dataDir: string): string => join(dataDir, 'run/control.sock')

/** True when a cloud answers on the socket of this data folder. */
export async function isRunning(dataDir: string): Promise<boolean> {
  try {
    await getControl(dataDir, '/status')
    return true
  } catch (error) {
    if (error instanceof NotRunning) return false
    throw error
  }
}

export class NotRunning extends UserError {}

/** The JSON answer of GET (or another method) `path`. Throws NotRunning when no cloud uses the folder, UserError with its sentence on another status. */
export function getControl<T>(dataDir: string, path: string, method = 'GET'): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath: controlSocket(dataDir), path, method, headers: { accept: 'application/json' }, timeout: 60_000 },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          if (response.statusCode !== 200) return reject(new UserError(sentence(text)))
          resolve(JSON.parse(text) as T)
        })
      },
    )
    sent.on('timeout', () => sent.destroy(new UserError('The cloud does not answer on its control socket.')))
    sent.on('error', (error) => reject(fault(error, dataDir)))
    sent.end()
  })
}

/** A byte stream to `address`:`port` as seen from the outside namespace of the cloud. */
export function openStream(dataDir: string, address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const path = `/stream?${new URLSearchParams({ address, port: String(port) })}`
    const sent = request({ socketPath: controlSocket(dataDir), path, headers: { connection: 'Upgrade', upgrade: 'nephos-stream' } })
    sent.on('upgrade', (_response, socket: Socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => reject(new UserError(sentence(Buffer.concat(chunks).toString()))))
    })
    sent.on('error', (error) => reject(fault(error, dataDir)))
    sent.end()
  })
}

function fault(error: NodeJS.ErrnoException, dataDir: string): Error {
  if (error instanceof UserError) return error
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ECONNREFUSED') {
    return new NotRunning(`No cloud runs on ${dataDir}. Start it with \`npm start\` or \`nephos up\`.`)
  }
  if (error.code === 'EACCES') return new UserError(`The control socket in ${dataDir} may be used by its owner only; try it as that user.`)
  return new UserError(`The control socket in ${dataDir} failed: ${error.message}`)
}

/** `{"error": "..."}` or plain text. */
function sentence(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    if (typeof error === 'string') return error
  } catch {}
  return text.trim() || 'The cloud refused without a reason.'
}
