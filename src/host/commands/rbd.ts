// rbd of Ceph: images of a pool, made from files and read as streams. Keys are found by the configuration, never among the arguments.
import { spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { CommandError, run, searchPath } from './exec.ts'

export interface Pool {
  /** Path of the cluster's configuration. */
  conf: string
  user: string
  pool: string
  /** Seconds after which a cluster that does not answer counts as away; its disks have three times as long. */
  patience: number
}

const noEntry = 2
const args = ({ conf, user, patience }: Pool, ...more: string[]) => {
  // Else it would wait for minutes, or for ever.
  const [monitors, disks] = [String(patience), String(3 * patience)]
  const limits = ['--client-mount-timeout', monitors, '--rados-mon-op-timeout', monitors, '--rados-osd-op-timeout', disks]
  return ['--conf', conf, '--id', user, ...limits, ...more]
}
const spec = ({ pool }: Pool, name: string) => `${pool}/${name}`
const shortMs = 120_000
const longMs = 24 * 3600_000

const absentIs = async <T>(value: T, work: Promise<T>): Promise<T> => {
  try {
    return await work
  } catch (error) {
    if (error instanceof CommandError && error.code === noEntry) return value
    throw error
  }
}

/** Makes an image of a file of `size` bytes; none of that name may be there. Whole and on the disks of the cluster when it resolves. Throws CommandError. */
export async function importImage(pool: Pool, name: string, path: string, size: number, signal?: AbortSignal): Promise<void> {
  // It takes no empty file.
  if (!size) await run('rbd', args(pool, 'create', '--image-format', '2', '--size', '0', spec(pool, name)), { timeout: shortMs })
  else await run('rbd', args(pool, 'import', '--no-progress', '--image-format', '2', path, spec(pool, name)), { timeout: longMs, signal })
}

/** Removes the image; one that is not there counts as removed. Throws CommandError: for half a minute, when its last writer has died. */
export async function removeImage(pool: Pool, name: string): Promise<void> {
  await absentIs('', run('rbd', args(pool, 'rm', '--no-progress', spec(pool, name)), { timeout: longMs }))
}

/** Size in bytes; null when there is no such image. */
export async function imageSize(pool: Pool, name: string): Promise<number | null> {
  const text = await absentIs('null', run('rbd', args(pool, 'info', '--format', 'json', spec(pool, name)), { timeout: shortMs }))
  return (JSON.parse(text) as { size: number } | null)?.size ?? null
}

export async function listImages(pool: Pool): Promise<{ name: string; size: number }[]> {
  const text = await run('rbd', args(pool, 'ls', '--long', '--format', 'json', pool.pool), { timeout: shortMs })
  return (JSON.parse(text) as { image: string; size: number; snapshot?: string }[])
    .filter(({ snapshot }) => snapshot === undefined)
    .map(({ image, size }) => ({ name: image, size }))
}

/** Bytes `start` to `end` (inclusive). There is no way to begin in the middle: what is before `start` is read and thrown away. */
export function readImage(pool: Pool, name: string, start: number, end: number): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    const command = args(pool, 'export', '--no-progress', spec(pool, name), '-')
    const child = spawn('rbd', command, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: searchPath, LC_ALL: 'C' } })
    let stderr = ''
    child.stderr.on('data', (text: Buffer) => {
      if (stderr.length < 4096) stderr += text
    })
    const code = new Promise<number | null>((resolve) => {
      child.on('close', resolve)
      child.on('error', () => resolve(127))
    })
    let at = 0
    try {
      for await (const piece of child.stdout as AsyncIterable<Buffer>) {
        const part = piece.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at))
        at += piece.length
        if (part.length) yield part
        if (at > end) return
      }
      throw new CommandError(`rbd ${command.join(' ')}`, await code, stderr)
    } finally {
      child.kill('SIGKILL')
    }
  }
  return Readable.from(pieces(), { objectMode: false, highWaterMark: 2 ** 20 })
}
