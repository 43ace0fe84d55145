// What lies in a daemon's folder: its files, what it has said, and what it was last told to be.
import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DaemonType, Place } from './daemon.ts'

export const logName = 'log'
const olderLogName = 'log.old'
const appliedName = 'applied.json'
const asideName = '.aside'
const maxLog = 256 * 1024
const maxSaid = 400

/** What a daemon that runs has read. */
export interface Applied {
  type: string
  /** Of everything that it reads only at its start, and of what it reads again. */
  restart: string
  reload: string
}

export const placeIn = <F extends string>(folder: string, within = folder): Place<F> => ({ folder, file: (name) => join(within, name) })
export const asideIn = <F extends string>(folder: string): Place<F> => placeIn(folder, join(folder, asideName))

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')

/** `namespace` is the inode of the one that it shall run in. */
export function appliedOf<F extends string>(
  type: DaemonType<F>,
  at: Place<F>,
  namespace: number | null,
  texts: Record<F, string>,
): Applied {
  const of = (change: 'reload' | 'restart') => Object.entries<string>(texts).filter(([name]) => type.files[name as F].onChange === change)
  const { program, user, limits } = type
  return {
    type: type.name,
    restart: digest([program, type.arguments(at), user, limits, namespace, of('restart')]),
    reload: digest(of('reload')),
  }
}

export async function readApplied(folder: string): Promise<Applied | null> {
  return readFile(join(folder, appliedName), 'utf8').then(
    (text) => JSON.parse(text) as Applied,
    () => null, // without it the daemon is started anew
  )
}

export const writeApplied = (folder: string, applied: Applied) => replace(join(folder, appliedName), JSON.stringify(applied), 0o600)
export const forgetApplied = (folder: string) => rm(join(folder, appliedName), { force: true })

async function replace(path: string, text: string | Buffer, mode: number, user?: { uid: number; gid: number }): Promise<void> {
  await writeFile(`${path}.new`, text, { mode })
  await chmod(`${path}.new`, mode)
  if (user) await chown(`${path}.new`, user.uid, user.gid)
  await rename(`${path}.new`, path)
}

/** Each file is replaced as a whole: a reader sees the old or the new one. */
export async function writeFiles<F extends string>(type: DaemonType<F>, at: Place<F>, texts: Record<F, string>): Promise<void> {
  for (const [name, text] of Object.entries<string>(texts))
    await replace(at.file(name as F), text, type.files[name as F].mode ?? 0o644, type.user)
}

/** The files as they are; empty texts for those that are not there. */
export async function readFiles<F extends string>(type: DaemonType<F>, at: Place<F>): Promise<Record<F, string>> {
  const read = async (name: string) => [name, await readFile(at.file(name as F), 'utf8').catch(() => '')] as const
  return Object.fromEntries(await Promise.all(Object.keys(type.files).map(read))) as Record<F, string>
}

/** Lets `use` see the files aside, where no daemon reads them. */
export async function aside<F extends string>(
  type: DaemonType<F>,
  folder: string,
  texts: Record<F, string>,
  use: (at: Place<F>) => Promise<unknown>,
): Promise<void> {
  const within = join(folder, asideName)
  await mkdir(within, { recursive: true, mode: 0o755 })
  try {
    await writeFiles(type, asideIn(folder), texts)
    await use(asideIn(folder))
  } finally {
    await rm(within, { recursive: true, force: true })
  }
}

async function tail(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r').catch(() => null)
  if (!file) return Buffer.alloc(0)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, size - bytes))
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The end of what it has said, in one line. */
export const lastWords = async (folder: string): Promise<string> =>
  (await tail(join(folder, logName), maxSaid))
    .toString()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()

/** Keeps the end of a log over 256 KiB as the older part and begins anew; what is written just then may be lost. */
export async function cutLog(folder: string): Promise<void> {
  const path = join(folder, logName)
  const found = await stat(path).catch(() => null)
  if (!found || found.size <= maxLog) return
  await replace(join(folder, olderLogName), await tail(path, maxLog), 0o600)
  await truncate(path)
}
