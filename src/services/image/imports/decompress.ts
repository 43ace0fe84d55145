// What was imported compressed is stored plain. Never more than the limit is written, however small the compressed file is.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { runConfined } from '../../../host/commands/confined.ts'
import { CommandError } from '../../../host/commands/exec.ts'
import { hashFile, type Received, receive, tooLargeImage } from '../stores/receive.ts'
import { SourceFault } from './source.ts'
import { unzip } from './unzip.ts'

type Kind = 'gzip' | 'zip' | 'zstd' | 'bzip2' | 'xz'
const signatures: [Kind, string][] = [
  ['gzip', '1f8b08'],
  ['zip', '504b0304'],
  ['zstd', '28b52ffd'],
  ['bzip2', '425a68'],
  ['xz', 'fd377a585a00'],
]

/** How the file is compressed, by its first bytes; undefined when it is not, or in a way that is not known here. */
export async function compressionOf(path: string): Promise<Kind | undefined> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
    const head = buffer.toString('hex', 0, bytesRead)
    return signatures.find(([, signature]) => head.startsWith(signature))?.[0]
  } finally {
    await file.close()
  }
}

export interface DecompressLimits {
  /** Of the plain data. */
  bytes: number
  seconds: number
  signal: AbortSignal
}

/** Writes the plain data of `from` to `to`, durably; `checked` sees it on its way where this process unpacks it. Throws SourceFault for damaged data, 413 beyond the limit. */
export async function decompress(
  kind: Kind,
  from: string,
  to: string,
  limits: DecompressLimits,
  checked: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
): Promise<Received> {
  try {
    if (kind === 'bzip2' || kind === 'xz') return await byProgram(kind, from, to, limits)
    return await receive(checked(stoppable(plainOf(kind, from), limits.signal)), to, limits.bytes)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (typeof code === 'string' && /^(Z_|ZSTD_)/.test(code)) throw new SourceFault(`The ${kind} data is damaged.`)
    throw error
  }
}

function plainOf(kind: 'gzip' | 'zip' | 'zstd', from: string): AsyncIterable<Buffer> {
  if (kind === 'zip') return unzip(from)
  const options = { chunkSize: 2 ** 18 }
  return pipeline(
    createReadStream(from, { highWaterMark: 2 ** 18 }),
    kind === 'gzip' ? createGunzip(options) : createZstdDecompress(options),
    () => {},
  )
}

async function* stoppable(source: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    signal.throwIfAborted()
    yield chunk
  }
}

async function byProgram(
  program: 'bzip2' | 'xz',
  from: string,
  to: string,
  { bytes, seconds, signal }: DecompressLimits,
): Promise<Received> {
  const file = await open(to, 'w', 0o600)
  try {
    const limits = { seconds, memoryBytes: 2 ** 30, fileBytes: bytes + 1 }
    // A byte more than the limit may be written: that tells a file that is too large from one that fits exactly.
    await runConfined(program, (at) => ['-dc', at.input], { input: from, output: null, stdout: file.fd, limits, signal })
    await file.sync()
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    if ((await file.stat()).size > bytes) throw tooLargeImage(bytes)
    signal.throwIfAborted()
    if (/ENOENT|No such file/.test(error.stderr)) throw new SourceFault(`Data compressed by ${program} cannot be read on this machine.`)
    throw new SourceFault(`The ${program} data is damaged.`)
  } finally {
    await file.close()
  }
  return hashFile(to, bytes)
}
