// The main job: image, network, two servers, a login, a closed port. All through the public APIs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, UserError } from '../../src/config.ts'
import { guestImage } from '../host/guest-image.ts'
import { eventually, type GuestShell, guestShell } from './guest-shell.ts'
import { show } from './show.ts'
import type { Things } from './things.ts'

interface Server {
  id: string
  status: string
  fault?: { message: string }
  addresses: Record<string, { addr: string }[]>
}

/** Makes everything and shows it; what was made is known to `made`. `folder` takes the private key. */
export async function mainJob(made: Things, config: Config, folder: string, real: boolean): Promise<void> {
  const image = await show('image', (say) => uploadImage(made, say))
  const [publicNet] = (await made.request<{ networks: { id: string }[] }>('GET', 'network', '/v2.0/networks?router:external=True')).networks
  if (!publicNet) throw new UserError('This cloud has no external network.')
  const { network, group } = await show('network, subnet, router, security group', () => makeNetwork(made, publicNet.id))
  const keyFile = join(folder, 'key')
  const keyName = `demo-${process.pid}`
  await show('key pair', async () => {
    const { keypair } = await made.request<{ keypair: { private_key: string } }>('POST', 'compute', '/os-keypairs', {
      keypair: { name: keyName },
    })
    made.later('DELETE', 'compute', `/os-keypairs/${keyName}`)
    writeFileSync(keyFile, keypair.private_key, { mode: 0o600 })
  })
  const { flavors } = await made.request<{ flavors: { id: string; name: string; ram: number }[] }>('GET', 'compute', '/flavors/detail')
  const flavor = flavors.sort((a, b) => a.ram - b.ram)[0]!
  const servers = await show('two servers ACTIVE', async (say) => {
    const create = {
      flavorRef: flavor.id,
      imageRef: image,
      key_name: keyName,
      networks: [{ uuid: network }],
      security_groups: [{ name: group.name }],
    }
    const ids = await Promise.all(
      ['demo-1', 'demo-2'].map(async (name) => (await made.make<Server>('compute', '/servers', 'server', { name, ...create })).id),
    )
    say(`flavor ${flavor.name}`)
    return Promise.all(ids.map((id) => active(made, id)))
  })
  const [first, second] = servers as [Server, Server]
  const floating = await show('floating IP', async (say) => {
    const { ports } = await made.request<{ ports: { id: string }[] }>('GET', 'network', `/v2.0/ports?device_id=${first.id}`)
    const ip = await made.make<{ id: string; floating_ip_address: string }>('network', '/v2.0/floatingips', 'floatingip', {
      floating_network_id: publicNet.id,
      port_id: ports[0]!.id,
    })
    say(ip.floating_ip_address)
    return ip.floating_ip_address
  })
  await show('console log up to the login prompt', (say) => consoleLog(made, first.id, real, say))
  if (!real) return console.log('  - the fake host has no guest to log in to: start as root for the rest')
  const shell = guestShell({ address: floating, user: 'cirros', key: keyFile, folder, dataDir: config.dataDir })
  await show('SSH with the injected key', async (say) =>
    say((await eventually(120, 'SSH', () => shell.run('hostname; uname -sr'))).trim().replace(/\s+/g, ' ')),
  )
  const fixed = Object.values(second.addresses)[0]![0]!.addr
  await show(`ping ${fixed} from inside`, async (say) =>
    say(
      await eventually(120, 'ping', async () => {
        // The other server may come up amid the three: only a try without loss counts.
        const said = (await shell.run(`ping -c 3 -W 2 ${fixed}`)).split('\n').find((line) => line.includes('packets'))
        return said && / 0% packet loss/.test(said) ? said.trim() : undefined
      }),
    ),
  )
  await show('a port that the security group does not open is closed', (say) => showClosedPort(made, shell, group.id, say))
  await show('an interface more for the running server, and less', (say) => showInterface(made, shell, first.id, say))
}

async function uploadImage(made: Things, say: (text: string) => void): Promise<string> {
  const small = !existsSync(guestImage) // without root no guest image is built
  const data = small ? Buffer.alloc(2 ** 20) : readFileSync(guestImage)
  const image = await made.make<{ id: string; status: string }>('image', '/v2/images', '', {
    name: 'demo-image',
    disk_format: small ? 'raw' : 'qcow2',
    container_format: 'bare',
  })
  await made.request('PUT', 'image', `/v2/images/${image.id}/file`, data, { 'content-type': 'application/octet-stream' })
  await eventually(120, 'the image is active', async () =>
    (await made.request<{ status: string }>('GET', 'image', `/v2/images/${image.id}`)).status === 'active' ? true : undefined,
  )
  say(`${(data.length / 2 ** 20).toFixed(0)} MiB uploaded`)
  return image.id
}

async function makeNetwork(made: Things, publicNet: string): Promise<{ network: string; group: { id: string; name: string } }> {
  const group = await made.make<{ id: string; name: string }>('network', '/v2.0/security-groups', 'security_group', {
    name: `demo-${process.pid}`,
  })
  for (const rule of [{ protocol: 'tcp', port_range_min: 22, port_range_max: 22 }, { protocol: 'icmp' }])
    await openPort(made, group.id, rule)
  const network = await made.make('network', '/v2.0/networks', 'network', { name: 'demo' })
  const subnet = await made.make('network', '/v2.0/subnets', 'subnet', { network_id: network.id, ip_version: 4, cidr: '10.66.0.0/24' })
  const router = await made.make('network', '/v2.0/routers', 'router', { name: 'demo', external_gateway_info: { network_id: publicNet } })
  const attachment = { subnet_id: subnet.id }
  await made.request('PUT', 'network', `/v2.0/routers/${router.id}/add_router_interface`, attachment)
  made.later('PUT', 'network', `/v2.0/routers/${router.id}/remove_router_interface`, attachment)
  return { network: network.id, group }
}

async function openPort(made: Things, group: string, rule: object): Promise<void> {
  await made.request('POST', 'network', '/v2.0/security-group-rules', {
    security_group_rule: { security_group_id: group, direction: 'ingress', ethertype: 'IPv4', ...rule },
  })
}

const active = (made: Things, id: string): Promise<Server> =>
  eventually(120, `server ${id} is ACTIVE`, async () => {
    const { server } = await made.request<{ server: Server }>('GET', 'compute', `/servers/${id}`)
    if (server.status === 'ERROR') throw new UserError(`A server failed: ${server.fault?.message}`)
    return server.status === 'ACTIVE' ? server : undefined
  })

async function consoleLog(made: Things, id: string, real: boolean, say: (text: string) => void): Promise<void> {
  const prompt = await eventually(120, 'a login prompt', async () => {
    const { output } = await made.request<{ output: string }>('POST', 'compute', `/servers/${id}/action`, {
      'os-getConsoleOutput': { length: 50 },
    })
    return output.split('\n').findLast((line) => (real ? /login:/.test(line) : line.trim()))
  })
  say(prompt.trim())
}

/** A program listens in the guest: shut out, and let in after a rule opens its port. */
async function showClosedPort(made: Things, shell: GuestShell, group: string, say: (text: string) => void): Promise<void> {
  const port = 8080
  await shell.run(`(while :; do echo hello | nc -l -p ${port}; done) >/dev/null 2>&1 </dev/null &`)
  await eventually(60, 'the program listens', async () =>
    (await shell.run(`nc -w 2 127.0.0.1 ${port} </dev/null`)).includes('hello') ? true : undefined,
  )
  if (await shell.answers(port, 4)) throw new UserError(`Port ${port} is open though no rule opens it.`)
  await openPort(made, group, { protocol: 'tcp', port_range_min: port, port_range_max: port })
  await eventually(60, `port ${port} opens with a rule`, async () => ((await shell.answers(port, 10)) ? true : undefined))
  say(`${port} silent, and answered once a rule opened it`)
}

interface Interface {
  port_id: string
  mac_addr: string
  fixed_ips: { ip_address: string }[]
}

/** The guest finds an interface on another network while it runs, reaches that network by it, and loses it. */
async function showInterface(made: Things, shell: GuestShell, server: string, say: (text: string) => void): Promise<void> {
  const { id: network } = await made.make('network', '/v2.0/networks', 'network', { name: 'demo-more' })
  const subnet = { network_id: network, ip_version: 4, cidr: '10.67.0.0/24', gateway_ip: null }
  await made.make('network', '/v2.0/subnets', 'subnet', subnet)
  const path = `/servers/${server}/os-interface`
  const { interfaceAttachment: added } = await made.request<{ interfaceAttachment: Interface }>('POST', 'compute', path, {
    interfaceAttachment: { net_id: network },
  })
  const find = `grep -l ${added.mac_addr} /sys/class/net/*/address | cut -d / -f 5`
  const name = await eventually(60, 'the guest sees the interface', async () => (await shell.run(find)).trim() || undefined)
  const address = added.fixed_ips[0]!.ip_address
  await shell.run(`sudo ip addr add ${address}/24 dev ${name}; sudo ip link set ${name} up`)
  const { ports } = await made.request<{ ports: { device_owner: string; fixed_ips: { ip_address: string }[] }[] }>(
    'GET',
    'network',
    `/v2.0/ports?network_id=${network}`,
  )
  const neighbour = ports.find(({ fixed_ips }) => fixed_ips[0]!.ip_address !== address)!.fixed_ips[0]!.ip_address
  await eventually(60, `${neighbour} answers by it`, async () =>
    (await shell.run(`ping -c 1 -W 2 -I ${name} ${neighbour}`)).includes('1 packets received') ? true : undefined,
  )
  await made.request('DELETE', 'compute', `${path}/${added.port_id}`)
  await eventually(60, 'the interface is gone from the guest', async () => ((await shell.run(`${find} || true`)).trim() ? undefined : true))
  await eventually(60, 'its port is gone', async () => {
    const left = await made.request<{ interfaceAttachments: Interface[] }>('GET', 'compute', path)
    return left.interfaceAttachments.some(({ port_id }) => port_id === added.port_id) ? undefined : true
  })
  say(`${name} with ${address} reached ${neighbour}`)
}
