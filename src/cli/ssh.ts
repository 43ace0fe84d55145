import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { UserError } from '../config.ts'
import { type Client, connectClient, findCredentials } from './client.ts'
import { nephosProgram } from './clone.ts'
import { findProgram } from './host-programs.ts'
import { configOf } from './options.ts'

interface Server {
  id: string
  name: string
  status: string
  addresses: Record<string, { addr: string; version: number; 'OS-EXT-IPS:type'?: string }[]>
}

/** Runs ssh to the floating IP of a server, through `nephos connect`. Ends with ssh's own exit code. */
export async function ssh(command: Command, [wanted = '', ...remote]: string[]): Promise<void> {
  const { dataDir } = configOf(command)
  const program = findProgram('ssh')
  if (!program) throw new UserError('ssh is not installed. Mend: apt-get install openssh-client')
  const server = await findServer(await connectClient(findCredentials(dataDir)), wanted)
  const address = floatingIp(server)
  const { login, identity } = command.opts<{ login: string; identity?: string }>()
  const proxy = [nephosProgram(), 'connect', '--data-dir', dataDir, '%h', '%p']
  const folder = join(dataDir, 'run')
  mkdirSync(folder, { recursive: true })
  const options = {
    ProxyCommand: proxy.map(quote).join(' '),
    HostKeyAlias: server.id, // addresses are given to new servers, ids are not
    StrictHostKeyChecking: 'accept-new',
    UserKnownHostsFile: join(folder, 'known_hosts'),
    ...(identity && { IdentitiesOnly: 'yes' }),
  }
  const args = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  if (identity) args.push('-i', identity)
  const child = spawn(program, [...args, '-l', login, '--', address, ...remote], { stdio: 'inherit' })
  process.on('SIGINT', () => {}) // the terminal sends it to ssh too, whose matter it is
  process.exitCode = await new Promise<number>((done, fail) => {
    child.on('error', (error) => fail(new UserError(`ssh cannot be started: ${error.message}`)))
    child.on('close', (code) => done(code ?? 1))
  })
}

/** For ssh, which gives ProxyCommand to a shell. `%` stays ours. */
const quote = (word: string) => (/^[\w%/.:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

async function findServer(client: Client, wanted: string): Promise<Server> {
  // The name filter is a regular expression; what it finds is compared once more.
  const query = new URLSearchParams({ all_tenants: '1', name: `^${wanted.replace(/[^\w -]/g, '.')}$` })
  const list = async () => (await client.request<{ servers: Server[] }>('GET', 'compute', `/servers/detail?${query}`)).body.servers
  const show = async () => [(await client.request<{ server: Server }>('GET', 'compute', `/servers/${wanted}`)).body.server]
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(wanted)
  const found = isId ? await show() : (await list()).filter((server) => server.name === wanted)
  if (found.length === 0) throw new UserError(`There is no server ${wanted}.`)
  if (found.length > 1)
    throw new UserError(`${found.length} servers are named ${wanted}; say which by id: ${found.map((s) => s.id).join(', ')}`)
  if (found[0]!.status !== 'ACTIVE') throw new UserError(`The server ${wanted} is ${found[0]!.status}, not ACTIVE.`)
  return found[0]!
}

function floatingIp(server: Server): string {
  const all = Object.values(server.addresses).flat()
  const floating = all.find((address) => address['OS-EXT-IPS:type'] === 'floating')
  if (!floating)
    throw new UserError(
      `The server ${server.name} has no floating IP. Mend: openstack floating ip create public, openstack server add floating ip`,
    )
  return floating.addr
}
