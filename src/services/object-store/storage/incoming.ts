// A body that is too large for a row, on its way into a file: written aside, hashed and flushed while more comes.
import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { hashInThread, type ThreadHash } from '../../../hash-thread.ts'
import { release } from './release.ts'

const KiB = 1024
/** What all transfers hold in memory is about this, shared among them. */
const transferBytes = 8 * KiB * KiB
const [leastPiece, mostPiece] = [64 * KiB, 512 * KiB]
/** So much is left to the kernel before it is flushed, while more comes in: the last flush is then short. */
const flushBytes = 8 * KiB * KiB

let transfers = 0

/** Notes a transfer of a large object; the answer must be called once, when it has ended. */
export function beginTransfer(): () => void {
  transfers++
  return () => {
    transfers--
  }
}

/** Bytes that a transfer takes at a time, a power of two: the more transfers, the fewer. */
export function pieceBytes(): number {
  const share = transferBytes / (4 * Math.max(1, transfers))
  return Math.max(leastPiece, Math.min(mostPiece, 2 ** Math.floor(Math.log2(share))))
}

/** Shared memory of transfers that have ended, for the next ones: the collector would give it back late. */
let spare: Buffer[] = []
const spareBytes = 4 * KiB * KiB

function takePiece(size: number): Buffer {
  const known = spare.find(({ length }) => length === size)
  spare = spare.filter((piece) => piece !== known)
  return known ?? Buffer.from(new SharedArrayBuffer(size))
}

function putBack(pieces: Buffer[]): void {
  let held = spare.reduce((sum, { length }) => sum + length, 0)
  for (const piece of pieces) {
    held += piece.length
    if (held <= spareBytes) spare.push(piece)
  }
}

async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
}

/** Resolves or fails when all have ended: until then their memory is in use. */
async function allEnded(works: Promise<unknown>[]): Promise<void> {
  for (const ended of await Promise.allSettled(works)) if (ended.status === 'rejected') throw ended.reason
}

export class IncomingFile {
  readonly #path: string
  readonly #own: boolean
  readonly #end = beginTransfer()
  #file: FileHandle | null = null
  /** What has come before the first piece was full; small bodies are never more. */
  #first: Buffer[] = []
  #hash: ThreadHash | null = null
  #size = 0
  /** What is being filled, up to `#used`. */
  #piece: Buffer | null = null
  #used = 0
  #written = 0
  readonly #pieces: Buffer[] = []
  #free: Buffer[] = []
  /** Pieces that are being hashed and written, the oldest first. */
  #busy: Promise<void>[] = []
  #flushing: Promise<void> | null = null
  #flushed = 0
  #failure: unknown = null
  #ended = false

  /** `own`: the chunks belong to nobody else, and their memory is given back as soon as they were taken. */
  constructor(path: string, own: boolean) {
    this.#path = path
    this.#own = own
  }

  /** Takes the chunk; resolves when more may come. After a failure only `abort` may be called. */
  async add(chunk: Buffer): Promise<void> {
    this.#size += chunk.length
    if (this.#hash) return this.#take(chunk)
    this.#first.push(chunk)
    if (this.#size < pieceBytes()) return
    this.#file = await open(this.#path, 'wx', 0o600)
    this.#hash = hashInThread('md5')
    for (const one of this.#first.splice(0)) await this.#take(one)
  }

  async #take(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (!this.#piece) {
        this.#piece = this.#free.pop() ?? takePiece(pieceBytes())
        if (!this.#pieces.includes(this.#piece)) this.#pieces.push(this.#piece)
        this.#used = 0
      }
      const count = chunk.copy(this.#piece, this.#used, at)
      at += count
      this.#used += count
      if (this.#used === this.#piece.length) await this.#pass()
    }
    if (this.#own) release(chunk)
  }

  /** Hands the piece on, and waits while too many are under way. */
  async #pass(): Promise<void> {
    const piece = this.#piece
    if (!piece) return
    this.#piece = null
    const bytes = piece.subarray(0, this.#used)
    const work = allEnded([writeAt(this.#file!, bytes, this.#written), this.#hash!.update(bytes)]).then(() => void this.#free.push(piece))
    work.catch(() => {}) // it is thrown where it is awaited
    this.#busy.push(work)
    this.#written += bytes.length
    this.#flushSome()
    while (this.#busy.length > (transfers > 16 ? 1 : 2)) await this.#busy.shift()
  }

  #flushSome(): void {
    if (this.#flushing || this.#written - this.#flushed <= flushBytes) return
    this.#flushed = this.#written
    this.#flushing = this.#file!.datasync().then(
      () => {
        this.#flushing = null
      },
      (error) => {
        this.#failure = error // the kernel tells it once only: the upload must fail with it
        this.#flushing = null
      },
    )
  }

  /** Everything is durable under its path when this resolves; then only `abort` may be called. Gives the MD5. */
  async finish(): Promise<string> {
    let etag: string
    if (this.#hash) {
      await this.#pass()
      await allEnded(this.#busy)
      etag = await this.#hash.digest()
    } else {
      this.#file = await open(this.#path, 'wx', 0o600)
      const bytes = this.#first.length === 1 ? this.#first[0]! : Buffer.concat(this.#first)
      etag = createHash('md5').update(bytes).digest('hex')
      await writeAt(this.#file, bytes, 0)
    }
    await this.#flushing
    await this.#file!.datasync()
    if (this.#failure) throw this.#failure
    const file = this.#file!
    this.#file = null
    await file.close()
    this.#over()
    return etag
  }

  /** Ends it, wherever it stands, and removes what was written. */
  async abort(): Promise<void> {
    await Promise.allSettled(this.#busy)
    await this.#flushing
    await this.#file?.close().catch(() => {})
    this.#hash?.drop()
    this.#over()
    await rm(this.#path, { force: true })
  }

  #over(): void {
    if (this.#ended) return
    this.#ended = true
    this.#end()
    putBack(this.#pieces)
  }
}
