// Network namespaces by name, and sockets that live in them while this process serves them.
import { spawn } from 'node:child_process'
import type { Socket as DatagramSocket } from 'node:dgram'
import { readdir, readFile, readlink, rm, stat, statfs } from 'node:fs/promises'
import { type Server, Socket } from 'node:net'
import { CommandError, type Run, run, searchPath } from './exec.ts'

const folder = '/run/netns'
export const netnsFolder = folder
const path = (name: string) => `${folder}/${name}`

/** What a file that names a namespace is, as statfs says: when it is something else the name is stale, its mount gone or in another mount namespace. */
const namespaceFiles = 0x6e736673
const isMounted = async (name: string) => (await statfs(path(name)).catch(() => null))?.type === namespaceFiles

/** Names of all namespaces that begin with `prefix`; stale names are none. */
export async function listNamespaces(prefix: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const ours = names.filter((name) => name.startsWith(prefix))
  const mounted = await Promise.all(ours.map(isMounted))
  return ours.filter((_name, index) => mounted[index])
}

/** The inode that identifies the namespace itself: it changes when somebody deletes and makes it anew. Null when there is none behind the name. */
export async function namespaceInode(name: string): Promise<number | null> {
  if (!(await isMounted(name))) return null
  const found = await stat(path(name)).catch(() => null)
  return found?.ino ?? null
}

/** The namespace in which process `pid` runs, as an inode; null when the process is gone. */
export async function processNamespace(pid: number): Promise<number | null> {
  const link = await readlink(`/proc/${pid}/ns/net`).catch(() => '')
  const inode = /^net:\[(\d+)\]$/.exec(link)?.[1]
  return inode ? Number(inode) : null
}

/** Takes a stale name away. */
async function removeStale(name: string): Promise<void> {
  if (!(await isMounted(name))) await rm(path(name), { force: true })
}

export async function addNamespace(name: string): Promise<void> {
  await removeStale(name)
  await run('ip', ['netns', 'add', name])
}

/** Gives the namespace of a running process its name back. */
export async function attachNamespace(name: string, pid: number): Promise<void> {
  await removeStale(name)
  await run('ip', ['netns', 'attach', name, String(pid)])
}

/** A process of a guest's user that holds one of these taps in a namespace other than ours; null when there is none. */
export async function findTapHolder(isGuest: (uid: number) => boolean, taps: ReadonlySet<string>): Promise<number | null> {
  if (!taps.size) return null
  const own = await processNamespace(process.pid)
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || !isGuest((await stat(`/proc/${name}`).catch(() => null))?.uid ?? 0)) continue
    if ((await processNamespace(Number(name))) === own) continue
    for (const fd of await readdir(`/proc/${name}/fdinfo`).catch(() => [])) {
      const info = await readFile(`/proc/${name}/fdinfo/${fd}`, 'utf8').catch(() => '')
      const tap = /^iff:\s*(\S+)/m.exec(info)?.[1]
      if (tap && taps.has(tap)) return Number(name)
    }
  }
  return null
}

export async function removeNamespace(name: string): Promise<void> {
  if ((await namespaceInode(name)) !== null) await run('ip', ['netns', 'delete', name])
  else await removeStale(name)
}

/** `run`, inside a namespace. */
export function runIn(namespace: string): Run {
  return (program, args, options) => run('nsenter', [`--net=${path(namespace)}`, program, ...args], options)
}

/** Sets kernel settings (`net.ipv4.ip_forward=1`) of a namespace. */
export async function setKernel(namespace: string, settings: readonly string[]): Promise<void> {
  await runIn(namespace)('sysctl', ['-q', '-w', ...settings])
}

/** Those of the settings (`net.ipv4.ip_forward=1`) that a namespace does not have. */
export async function kernelDifferences(namespace: string, settings: readonly string[]): Promise<string[]> {
  const names = settings.map((setting) => setting.split('=')[0]!)
  const values = (await runIn(namespace)('sysctl', ['-n', ...names])).trim().split('\n')
  return settings.filter((setting, index) => setting !== `${names[index]}=${values[index]}`)
}

export type SocketRequest =
  | { type: 'listen'; address: string; port: number }
  | { type: 'connect'; address: string; port: number; timeoutMs: number }
  | { type: 'datagram'; address: string; port: number }

interface SocketOf {
  listen: Server
  connect: Socket
  datagram: DatagramSocket
}

/**
 * Opens a socket in a namespace and hands it to this process: a socket stays in the namespace in which it was made, so a
 * short-lived child goes there, opens it and passes the handle back. Throws CommandError when it cannot be opened.
 */
export function openIn<T extends SocketRequest>(namespace: string, request: T): Promise<SocketOf[T['type']]> {
  return new Promise((resolve, reject) => {
    const args = [`--net=${path(namespace)}`, process.execPath, '-e', `(${opener.toString()})()`, JSON.stringify(request)]
    const child = spawn('nsenter', args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { PATH: searchPath } })
    const errors: Buffer[] = []
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000 + ('timeoutMs' in request ? request.timeoutMs : 0))
    let over = false
    const fail = (message: string) => {
      over = true
      clearTimeout(timer)
      reject(new CommandError(`open ${request.type} ${request.address} in ${namespace}`, null, message))
    }
    child.stderr!.on('data', (chunk: Buffer) => errors.push(chunk))
    child.on('message', (message: { error?: string } | null, handle: unknown) => {
      if (child.connected) child.disconnect()
      if (!handle) return fail(message?.error ?? 'no handle came')
      if (over) return handle instanceof Socket ? handle.destroy() : (handle as Server).close()
      clearTimeout(timer)
      // Whoever gets it comes a moment later: until then it must not be without a listener.
      ;(handle as Socket).on('error', () => {})
      resolve(handle as SocketOf[T['type']])
    })
    child.on('error', (error) => fail(error.message))
    child.on('close', () => fail(Buffer.concat(errors).toString()))
  })
}

/** Runs in the child, as source text: it may use nothing from outside. */
function opener(): void {
  const net = process.getBuiltinModule('node:net')
  const request = JSON.parse(process.argv[1]!) as SocketRequest
  const give = (handle: unknown) => process.send!({}, handle as never)
  const fail = (error: Error) => process.send!({ error: error.message })
  process.on('disconnect', () => process.exit(0))
  if (request.type === 'listen') {
    const server = net.createServer()
    server.on('error', fail).listen({ host: request.address, port: request.port, backlog: 128 }, () => give(server))
  } else if (request.type === 'datagram') {
    const socket = process.getBuiltinModule('node:dgram').createSocket('udp4')
    socket.on('error', fail).bind({ address: request.address, port: request.port }, () => give(socket))
  } else {
    // Paused, so that nothing is read here that belongs to the other process.
    const socket = new net.Socket().pause()
    socket.setTimeout(request.timeoutMs, () => socket.destroy(new Error('connection timed out')))
    socket.on('error', fail).connect({ host: request.address, port: request.port }, () => {
      socket.setTimeout(0)
      give(socket)
    })
  }
}
