import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { UserError } from '../config.ts'
import { ApiError, type Client, connectClient, findCredentials } from './client.ts'
import { nephosProgram } from './clone.ts'
import { getControl } from './control.ts'
import { findProgram } from './host-programs.ts'
import { configOf } from './options.ts'
import type { Status } from './status.ts'

interface Server {
  id: string
  name: string
  status: string
  addresses: Record<string, { addr: string; version: number; 'OS-EXT-IPS:type'?: string }[]>
}

/** Runs ssh to the floating IP of a server, through `nephos connect`. Ends with ssh's own exit code. */
export async function ssh(command: Command, [wanted = '', ...remote]: string[]): Promise<void> {
  if (remote[0] === '--') remote.shift()
  else if (remote[0]?.startsWith('-'))
    throw new UserError(
      `${remote[0]} stands behind the server, where the command for it does: options come first, as in nephos ssh ${remote[0]} ... ${wanted}`,
      2,
    )
  const { dataDir } = configOf(command)
  const program = findProgram('ssh')
  if (!program) throw new UserError('ssh is not installed. Mend: apt-get install openssh-client')
  const client = await connectClient(findCredentials(dataDir))
  const server = await findServer(client, wanted)
  await ensureGuests(dataDir, server.name)
  const address = floatingIp(server)
  const closed = await closedGroups(client, server.id)
  if (closed) process.stderr.write(`nephos: ${closed}\n`)
  const { login, identity } = command.opts<{ login: string; identity?: string }>()
  const proxy = [nephosProgram(), 'connect', '--data-dir', dataDir, '%h', '%p']
  // Root writes only where nobody else can have put a link.
  const folder = join(dataDir, process.getuid?.() === 0 && existsSync(join(dataDir, 'agent')) ? 'agent' : 'run')
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

/** Throws where no host has guests: ssh would wait, and then say that nothing answers. */
async function ensureGuests(dataDir: string, name: string): Promise<void> {
  const { hosts } = await getControl<Status>(dataDir, '/status')
  if (hosts.length && hosts.every((host) => host.hypervisor === 'fake'))
    throw new UserError(
      `The server ${name} is on the fake host, which has no guests to log in to: real ones need nephos up as root (nephos doctor tells more).`,
    )
}

/** For ssh, which gives ProxyCommand to a shell. `%` stays ours. */
const quote = (word: string) => (/^[\w%/.:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

async function findServer(client: Client, wanted: string): Promise<Server> {
  // The name filter is a regular expression; what it finds is compared once more.
  const query = new URLSearchParams({ all_tenants: '1', name: `^${wanted.replace(/[^\w -]/g, '.')}$` })
  const list = async () => {
    const find = async () => (await client.request<{ servers: Server[] }>('GET', 'compute', `/servers/detail?${query}`)).body.servers
    return find().catch((error) => {
      if (!(error instanceof ApiError && error.status === 403)) throw error
      query.delete('all_tenants') // for administrators only; others see their own project
      return find()
    })
  }
  const show = async () => [(await client.request<{ server: Server }>('GET', 'compute', `/servers/${wanted}`)).body.server]
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(wanted)
  const found = isId ? await show() : (await list()).filter((server) => server.name === wanted)
  if (found.length === 0) throw new UserError(`There is no server ${wanted}.`)
  if (found.length > 1)
    throw new UserError(`${found.length} servers are named ${wanted}; say which by id: ${found.map((s) => s.id).join(', ')}`)
  if (found[0]!.status !== 'ACTIVE') throw new UserError(`The server ${wanted} is ${found[0]!.status}, not ACTIVE.`)
  return found[0]!
}

interface Rule {
  direction: string
  ethertype: string
  protocol: string | null
  port_range_min: number | null
  port_range_max: number | null
  remote_group_id: string | null
}

const letsSshIn = ({ direction, ethertype, protocol, port_range_min: from, port_range_max: to, remote_group_id }: Rule): boolean =>
  direction === 'ingress' &&
  ethertype === 'IPv4' &&
  remote_group_id === null &&
  [null, 'any', 'tcp', '6'].includes(protocol) &&
  (from ?? 0) <= 22 &&
  (to ?? 65535) >= 22

/** A sentence with the mend where no rule of the server's security groups lets SSH in from outside. */
export async function closedGroups(client: Client, serverId: string): Promise<string | undefined> {
  const get = async <T>(path: string) => (await client.request<T>('GET', 'network', path)).body
  type Port = { port_security_enabled?: boolean; security_groups: string[] }
  // Anybody may write a server's id into a port of his own: those that the server has are compute's to tell.
  type Interfaces = { interfaceAttachments: { port_id: string }[] }
  const { body } = await client.request<Interfaces>('GET', 'compute', `/servers/${serverId}/os-interface`)
  const mine = new URLSearchParams(body.interfaceAttachments.map(({ port_id }): [string, string] => ['id', port_id]))
  const { ports } = mine.size ? await get<{ ports: Port[] }>(`/v2.0/ports?${mine}`) : { ports: [] }
  if (!ports.length || ports.some((port) => port.port_security_enabled === false)) return undefined
  const ids = [...new Set(ports.flatMap((port) => port.security_groups))]
  type Group = { id: string; name: string; security_group_rules: Rule[] }
  const show = async (id: string) => (await get<{ security_group: Group }>(`/v2.0/security-groups/${id}`)).security_group
  const groups = await Promise.all(ids.map(show))
  if (groups.some((group) => group.security_group_rules.some(letsSshIn))) return undefined
  const [first] = groups
  if (!first) return `The server has no security group, so nothing is let in: openstack server add security group ${serverId} default`
  const names = groups.map((group) => group.name).join(', ')
  return `No rule of the security group ${names} lets SSH (TCP port 22) in, so this will probably not be answered. Mend: openstack security group rule create --protocol tcp --dst-port 22 ${first.id}`
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
