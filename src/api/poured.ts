// Bodies that are sent piece by piece out of the same memory: fresh memory for each piece costs more than reading and sending it.
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

export abstract class Poured extends Readable {
  /** Gives all of it to `write`, one piece after the other. What a piece lies in may be overwritten when its `write` has resolved. */
  abstract pour(write: (piece: Buffer) => Promise<void>): Promise<void>
}

/** The error that a client leaves behind who goes in the midst of an answer. */
export const left = () => Object.assign(new Error('the client has gone'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })

/** Sends the body as the answer's. Resolves when all was sent; a fault of the body ends the connection where the answer has begun. */
export async function sendPoured(body: Poured, response: ServerResponse): Promise<void> {
  let stop = (_: Error) => {}
  const gone = () => stop(left())
  response.once('close', gone)
  const sent = (send: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      stop = reject
      if (response.destroyed) reject(left())
      else send((error) => (error ? reject(error) : resolve()))
    })
  try {
    await body.pour((piece) => sent((done) => void response.write(piece, done)))
    await sent((done) => void response.end(done))
  } catch (error) {
    if (response.destroyed) throw left()
    if (response.headersSent) response.destroy()
    throw error
  } finally {
    response.off('close', gone)
    body.destroy()
  }
}
