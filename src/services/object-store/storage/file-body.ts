// A range of a file as the body of an answer.
import type { FileHandle } from 'node:fs/promises'
import { Poured } from '../../../api/poured.ts'
import { release } from './release.ts'

/** The code of the error of a file that ends before its time. */
export const shortFile = 'ERR_SHORT_FILE'

export class FileBody extends Poured {
  readonly #file: FileHandle
  #at: number
  /** Inclusive. */
  readonly #end: number
  readonly #pieceBytes: number
  #reading: Promise<unknown> = Promise.resolve()

  /** Bytes `start` to `end` (inclusive) of the file, which is closed with the body; read in pieces of that many bytes. */
  constructor(file: FileHandle, start: number, end: number, pieceBytes: number) {
    super({ highWaterMark: pieceBytes })
    this.#file = file
    this.#at = start
    this.#end = end
    this.#pieceBytes = pieceBytes
  }

  #size(): number {
    return Math.min(this.#pieceBytes, this.#end + 1 - this.#at)
  }

  async #fill(buffer: Buffer): Promise<Buffer> {
    const reading = this.#file.read(buffer, 0, Math.min(buffer.length, this.#size()), this.#at)
    this.#reading = reading.catch(() => {})
    const { bytesRead } = await reading
    if (!bytesRead) throw Object.assign(new Error('the file is shorter than it was'), { code: shortFile })
    this.#at += bytesRead
    return buffer.subarray(0, bytesRead)
  }

  /** One piece is read while the one before is sent. */
  async pour(write: (piece: Buffer) => Promise<void>): Promise<void> {
    const buffers: Buffer[] = []
    let before: Promise<void> = Promise.resolve()
    for (let turn = 0; this.#size() > 0; turn ^= 1) {
      buffers[turn] ??= Buffer.allocUnsafeSlow(this.#size())
      const piece = await this.#fill(buffers[turn]!)
      await before
      before = write(piece)
      before.catch(() => {}) // it is thrown where it is awaited
    }
    await before
    for (const buffer of buffers) release(buffer)
  }

  override _read(): void {
    const size = this.#size()
    if (size <= 0) this.push(null)
    else
      this.#fill(Buffer.allocUnsafeSlow(size)).then(
        (piece) => this.push(piece),
        (error) => this.destroy(error),
      )
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#reading
      .then(() => this.#file.close())
      .then(
        () => done(error),
        (failure) => done(error ?? failure),
      )
  }
}
