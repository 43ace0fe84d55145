// For the host tests: a cloud's network drivers under the real reconcile loop, and namespaces in the place of guests.
import { rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEnvironment, systemClock } from '../../environment.ts'
import { eachCall } from '../../host/calls.ts'
import { ipBatch } from '../../host/commands/ip.ts'
import { addNamespace, listNamespaces, openIn, removeNamespace, runIn } from '../../host/commands/netns.ts'
import type { HostDocument, Report } from '../../host/documents.ts'
import type { Driver, Host } from '../../host/driver.ts'
import type { Kind, SpecOf } from '../../host/kinds.ts'
import type { MetadataSource } from '../../host/metadata/serve.ts'
import { createNetworkDrivers } from '../../host/network-drivers.ts'
import type { NetworkSpec } from '../../host/networks/document.ts'
import { shortId, switchNamespace, tapName } from '../../host/networks/names.ts'
import type { PortSpec } from '../../host/ports/document.ts'
import { createReconciler } from '../../host/reconcile.ts'
import type { RouterSpec } from '../../host/routers/document.ts'
import type { SecurityGroupSpec } from '../../host/security-groups/document.ts'
import { type Log, silentLog } from '../../log.ts'

let ahead = 0
const environment = createEnvironment({ clock: { now: () => systemClock.now() + ahead, sleep: systemClock.sleep } })
export const uuid = environment.uuid
/** Moves the clock of all machines of this process on, waking nobody. */
export const later = (ms: number) => {
  ahead += ms
}

// Also those of machines that were only stopped: their guests may still use them.
const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A prefix that no other cloud or test on this machine has. */
export const testPrefix = () => `t${environment.random.bytes(2).toString('hex')}`

const noGuests: Driver<'guest'> = { kind: 'guest', jobs: {} as never, observe: async () => new Map(), plan: () => [] }

export async function testMachine(
  options: { prefix?: string; metadata?: MetadataSource; log?: Log; tapAs?: 'tap' | 'veth'; guestUid?: number; hostRoute?: boolean } = {},
) {
  const prefix = options.prefix ?? testPrefix()
  const folder = await mkdtemp(join(tmpdir(), 'nephos-net-'))
  folders.push(folder)
  const runDir = `/run/nephos/${prefix}`
  const log = options.log ?? silentLog
  const networks = createNetworkDrivers({
    environment,
    log,
    prefix,
    runDir,
    isGuestUid: (uid) => uid === (options.guestUid ?? 65_534),
    metadata: options.metadata ?? (async () => null),
    hostRoute: options.hostRoute ?? false,
    tapAs: options.tapAs ?? 'veth',
  })
  const host: Host = {
    drivers: { ...networks.drivers, guest: noGuests },
    documents: networks.documents,
    onChange: networks.onChange,
    facts: () => Promise.reject(new Error('not asked')),
    ...eachCall(() => () => Promise.reject(new Error('not asked'))),
    close: networks.close,
  }
  const reports = new Map<string, Report>()
  const reconciler = createReconciler({
    host,
    environment,
    log,
    report: (report) => void reports.set(`${report.kind}/${report.id}`, report),
  })
  const generations = new Map<string, number>()
  const guests: StandIn[] = []

  /** Puts documents and waits until the host has dealt with them; throws when one failed. */
  async function put(...wishes: { kind: Kind; id: string; spec: SpecOf[Kind] | null }[]): Promise<void> {
    const taken = wishes.map((wish): HostDocument => {
      const key = `${wish.kind}/${wish.id}`
      generations.set(key, (generations.get(key) ?? 0) + 1)
      reports.delete(key)
      return { ...wish, generation: generations.get(key)! } as HostDocument
    })
    reconciler.take(taken)
    await reconciler.idle()
    for (const { kind, id } of taken) {
      const report = reports.get(`${kind}/${id}`)
      if (!report || report.outcome === 'failed') throw new Error(`${kind} ${id}: ${report?.error ?? 'no report'}`)
    }
  }

  /** A namespace in the place of the guest of a port: its eth0 is the other end of the tap. */
  async function guest(portId: string, mac: string): Promise<StandIn> {
    const namespace = `${prefix}-guest-${shortId(portId)}`
    await removeNamespace(namespace)
    await addNamespace(namespace)
    await ipBatch(switchNamespace(prefix), [`link set dev peer${shortId(portId)} netns ${namespace} name eth0`])
    await ipBatch(namespace, ['link set dev lo up', `link set dev eth0 address ${mac}`, 'link set dev eth0 up'])
    guests.push(standIn(namespace, folder))
    return guests.at(-1)!
  }

  async function endGuests(): Promise<void> {
    for (const each of guests) {
      each.close()
      await removeNamespace(each.namespace)
    }
  }

  return {
    prefix,
    runDir,
    networks,
    reconciler,
    reports,
    put,
    guest,
    folder,
    remove: (...gone: { kind: Kind; id: string }[]) => put(...gone.map(({ kind, id }) => ({ kind, id, spec: null }))),
    /** Another process's agent on the same machine state: a restart. */
    async stop(): Promise<void> {
      await reconciler.stop()
      await networks.close()
    },
    endGuests,
    async [Symbol.asyncDispose](): Promise<void> {
      await endGuests()
      const all = [...reconciler.documents.values()].filter(({ spec }) => spec !== null)
      await put(...all.map(({ kind, id }) => ({ kind, id, spec: null }))).catch(() => {})
      await reconciler.stop()
      await networks.close()
      for (const namespace of await listNamespaces(`${prefix}-`)) await removeNamespace(namespace)
      await rm(folder, { recursive: true, force: true })
      await rm(runDir, { recursive: true, force: true })
    },
  }
}

export type StandIn = ReturnType<typeof standIn>

function standIn(namespace: string, folder: string) {
  const run = runIn(namespace)
  const busybox = (...args: string[]) => run('busybox', args)
  let counters = 0
  const listening: Server[] = []
  const accepted: Socket[] = []
  const succeeds = (work: Promise<unknown>) =>
    work.then(
      () => true,
      () => false,
    )
  const connects = (address: string, tcpPort: number) =>
    succeeds(run('busybox', ['nc', '-w', '1', address, String(tcpPort)], { timeout: 3000 }))
  return {
    namespace,
    run,
    busybox,
    succeeds,
    /** Asks for an address as a guest does, a second a try; returns what the server gave, or null when none answered. */
    async dhcp(tries = 20): Promise<Record<string, string> | null> {
      const script = join(folder, `${namespace}.udhcpc`)
      const answer = `${script}.answer`
      await rm(answer, { force: true })
      await writeFile(script, udhcpcScript(answer), { mode: 0o755 })
      const got = await succeeds(
        busybox('udhcpc', '-i', 'eth0', '-f', '-q', '-n', '-t', String(tries), '-T', '1', '-s', script, '-O', 'staticroutes', '-O', 'mtu'),
      )
      if (!got) return null
      const text = await run('cat', [answer])
      return Object.fromEntries(
        text
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split('=', 2) as [string, string]),
      )
    },
    address: (address: string) => ipBatch(namespace, [`addr add ${address} dev eth0`]),
    pings: (address: string) => succeeds(busybox('ping', '-c', '1', '-W', '1', address)),
    /** Whether it answers within many tries: a busy machine may not answer within a second. */
    reaches: (address: string) => inSomeTry(() => succeeds(busybox('ping', '-c', '1', '-W', '1', address))),
    /** The answer to a GET of `path`, from its status line to the end of its body; null when there is no connection. */
    get: (address: string, path: string, ...headers: string[]) =>
      run('busybox', ['nc', '-w', '3', address, '80'], {
        input: [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n'),
      }).catch(() => null),
    connects: (address: string, tcpPort: number) => connects(address, tcpPort),
    /** Whether a connection is taken within many tries. */
    comesTo: (address: string, tcpPort: number) => inSomeTry(() => connects(address, tcpPort)),
    /** A TCP server that sends back what it gets, until the namespace goes. */
    async echo(tcpPort: number): Promise<void> {
      listening.push(await openIn(namespace, { type: 'listen', address: '0.0.0.0', port: tcpPort }))
      listening.at(-1)!.on('connection', (socket) => {
        accepted.push(socket)
        socket.on('error', () => {}).pipe(socket)
      })
    },
    /** Counts the packets that arrive here and match, before anything else sees them; returns a look at the counter. */
    async counting(match: string): Promise<() => Promise<number>> {
      const table = `seen${counters++}`
      const chain = `chain in {\n type filter hook ingress device "eth0" priority 0\n ${match} counter\n }`
      await run('nft', ['-f', '-'], { input: `table netdev ${table} {\n ${chain}\n}\n` })
      return async () => Number(/packets (\d+)/.exec(await run('nft', ['list', 'table', 'netdev', table]))![1])
    },
    close() {
      for (const server of listening) server.close()
      for (const socket of accepted) socket.destroy()
    },
  }
}

/** Whether it comes true within many tries. */
export async function inSomeTry(attempt: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 60; tries++) {
    if (await attempt()) return true
    await environment.clock.sleep(200)
  }
  return false
}

const udhcpcScript = (answer: string) => `#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr flush dev eth0
ip addr add $ip/$mask dev eth0
set -- $staticroutes
while [ $# -ge 2 ]; do
  ip route replace $1 via $2
  shift 2
done
printf 'ip=%s\\nrouter=%s\\ndns=%s\\nmtu=%s\\nhostname=%s\\nstaticroutes=%s\\nserverid=%s\\n' "$ip" "$router" "$dns" "$mtu" "$hostname" "$staticroutes" "$serverid" > ${answer}
`

export const network = (spec: Partial<NetworkSpec> & { subnets: NetworkSpec['subnets'] }): NetworkSpec => ({
  external: false,
  adminUp: true,
  mtu: 1450,
  dnsDomain: 'example.org',
  dhcpMac: null,
  ...spec,
})

/** A subnet of /24 with DHCP: gateway .1, DHCP .2. */
export const subnet = (net: string, more: Partial<NetworkSpec['subnets'][0]> = {}): NetworkSpec['subnets'][0] => ({
  id: uuid(),
  ipVersion: 4,
  cidr: `${net}.0/24`,
  gatewayIp: `${net}.1`,
  dhcp: true,
  dhcpIp: `${net}.2`,
  dnsNameservers: [],
  hostRoutes: [],
  ...more,
})

export const port = (networkId: string, mac: string, ip: string, more: Partial<PortSpec> = {}): PortSpec => ({
  networkId,
  mac,
  fixedIps: [{ subnetId: uuid(), ip, prefixLength: ip.includes(':') ? 64 : 24 }],
  adminUp: true,
  hostname: `host-${ip.replace(/[.:]+/g, '-')}`,
  portSecurity: true,
  securityGroupIds: [],
  allowedAddressPairs: [],
  guestId: uuid(),
  dhcpOptions: [],
  ...more,
})

export const rule = (more: Partial<SecurityGroupSpec['rules'][0]>): SecurityGroupSpec['rules'][0] => ({
  direction: 'ingress',
  ipVersion: 4,
  protocol: null,
  portMin: null,
  portMax: null,
  remoteCidr: null,
  remoteGroupId: null,
  ...more,
})
/** Everything out, as the default group has it. */
export const egress = [rule({ direction: 'egress' }), rule({ direction: 'egress', ipVersion: 6 })]

export const router = (spec: Partial<RouterSpec>): RouterSpec => ({
  adminUp: true,
  interfaces: [],
  gateway: null,
  floatingIps: [],
  routes: [],
  ...spec,
})
export { tapName }
