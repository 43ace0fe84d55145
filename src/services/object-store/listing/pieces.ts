// Bodies that have been made in pieces: to join them would take longer than to make them.
import { Poured } from '../../../api/poured.ts'
import { release } from '../storage/release.ts'

/** The pieces one after the other. They are sent once: their memory is given back. */
export class Pieces extends Poured {
  readonly #pieces: Buffer[]
  readonly length: number

  constructor(pieces: Buffer[]) {
    super()
    this.#pieces = pieces
    this.length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  async pour(write: (piece: Buffer) => Promise<void>): Promise<void> {
    for (const piece of this.#pieces) {
      await write(piece)
      release(piece)
    }
  }

  override _read(): void {
    for (const piece of this.#pieces) this.push(piece)
    this.push(null)
  }
}
