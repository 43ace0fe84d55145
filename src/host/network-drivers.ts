// The network drivers of a Linux host: networks, security groups, routers and ports in namespaces of the agent's own.
import { watch } from 'node:fs'
import type { Duplex } from 'node:stream'
import { unawaited } from '../contain.ts'
import type { Environment } from '../environment.ts'
import type { Log } from '../log.ts'
import { listNamespaces, namespaceInode, netnsFolder } from './commands/netns.ts'
import { createDaemons } from './daemons/supervisor.ts'
import type { HostDocument } from './documents.ts'
import type { Driver } from './driver.ts'
import type { Kind } from './kinds.ts'
import { createMetadataListeners } from './metadata/listeners.ts'
import type { MetadataSource } from './metadata/serve.ts'
import type { NetworkContext } from './networks/context.ts'
import { createDhcp } from './networks/dhcp.ts'
import { dnsmasq } from './networks/dnsmasq.ts'
import { networkDriver } from './networks/driver.ts'
import { dhcpNamespaces, outsideNamespace, routerNamespaces, shortId, tapName } from './networks/names.ts'
import { createOutside } from './networks/outside.ts'
import { createSwitch } from './networks/switch.ts'
import { type Wanted, wantedOf } from './networks/wanted.ts'
import { portDriver } from './ports/driver.ts'
import { routerDriver } from './routers/driver.ts'
import { securityGroupDriver } from './security-groups/driver.ts'
import { createFirewall } from './security-groups/firewall.ts'

export { switchNamespace, tapName } from './networks/names.ts'

export interface NetworkDriverOptions {
  environment: Environment
  log: Log
  /** At most five letters and digits, unique on the machine: every namespace begins with it. */
  prefix: string
  /** Whether guests run as that user. */
  isGuestUid(uid: number): boolean
  /** Answers guests' metadata requests. */
  metadata: MetadataSource
  /** Also route external networks from the namespace of the agent. */
  hostRoute: boolean
  /** Files of running programs; `/run/nephos/<prefix>` unless given. The user `nobody` must be able to read there. */
  runDir?: string
  /** `veth` makes ports that tests can put into a namespace; QEMU needs `tap`. */
  tapAs?: 'tap' | 'veth'
}

export interface NetworkDrivers {
  drivers: { network: Driver<'network'>; 'security-group': Driver<'security-group'>; router: Driver<'router'>; port: Driver<'port'> }
  /** To be told before every pass: filters and DHCP entries are made from the documents of several kinds. */
  documents(all: ReadonlyMap<string, HostDocument>): void
  onChange(listener: (kind: Kind, id: string) => void): void
  /** A TCP connection from the outside namespace, to an address in an external network only. */
  connect(target: { address: string; port: number }): Promise<Duplex>
  /** Stops watching and answering; what is on the machine stays. */
  close(): Promise<void>
}

export function createNetworkDrivers(options: NetworkDriverOptions): NetworkDrivers {
  const { environment, log, prefix } = options
  if (!/^[a-z][a-z0-9]{0,4}$/.test(prefix))
    throw new Error(`${JSON.stringify(prefix)} is no prefix: a letter and up to four letters or digits`)
  let wanted: Wanted = wantedOf([])
  let version = 0
  let listener: (kind: Kind, id: string) => void = () => {}
  const context: NetworkContext = {
    environment,
    log,
    prefix,
    hostRoute: options.hostRoute,
    runDir: options.runDir ?? `/run/nephos/${prefix}`,
    tapAs: options.tapAs ?? 'tap',
    switch: createSwitch({
      prefix,
      isGuestUid: options.isGuestUid,
      clock: environment.clock,
      log,
      taps: () => new Set([...wanted.ports.keys()].map(tapName)),
    }),
    wanted: () => wanted,
    version: () => version,
    changed: (kind, id) => listener(kind, id),
  }
  const metadata = createMetadataListeners({ prefix, source: options.metadata, log })
  const daemons = createDaemons({
    root: context.runDir,
    types: [dnsmasq],
    clock: environment.clock,
    log,
    changed: (id) => context.changed('network', id),
  })
  const dhcp = createDhcp(context, daemons)
  const outside = createOutside(context)
  const firewall = createFirewall(context)
  const watching = watchMachine(context)
  return {
    drivers: {
      network: networkDriver(context, { daemons, dhcp, outside, metadata }) as Driver<'network'>,
      'security-group': securityGroupDriver(firewall, () => wanted.groups.keys()) as Driver<'security-group'>,
      router: routerDriver(context) as Driver<'router'>,
      port: portDriver(context, { firewall, dhcp }) as Driver<'port'>,
    },
    documents(all) {
      wanted = wantedOf([...all.values()].filter(({ id }) => isUuid(id)))
      version++
    },
    onChange(told) {
      listener = told
    },
    connect: ({ address, port }) => outside.connect(address, port),
    async close() {
      await watching.close()
      await daemons.close()
      metadata.close()
    },
  }
}

/** Looks once a second for namespaces whose names were lost; a deleted name is seen at once. */
function watchMachine(context: NetworkContext): { close(): Promise<void> } {
  const stopping = new AbortController()
  const { prefix, environment, changed, log } = context
  function lost(name: string): void {
    const { networks, ports, routers } = context.wanted()
    log.debug({ namespace: name }, 'a namespace has lost its name')
    const network = dhcpNamespaces(prefix).id(name)
    const router = routerNamespaces(prefix).id(name)
    if (network && networks.has(network)) changed('network', network)
    if (router && routers.has(router)) changed('router', router)
    const isOutside = name === outsideNamespace(prefix)
    for (const [id, { external }] of networks) if (isOutside && external) changed('network', id)
    if (name !== context.switch.namespace) return
    for (const id of networks.keys()) changed('network', id)
    for (const id of routers.keys()) changed('router', id)
    for (const id of ports.keys()) changed('port', id)
  }
  const present = new Set<string>()
  async function look(): Promise<void> {
    // What unmounts a name, leaving its file, tells no watcher.
    const now = new Set(await listNamespaces(`${prefix}-`))
    for (const name of present) {
      if (!now.has(name)) lost(name)
    }
    present.clear()
    for (const name of now) present.add(name)
  }
  const happened = async (name: string) => {
    if (!name.startsWith(`${prefix}-`)) return
    present.add(name) // one that was just made and is unmounted at once is missed by the next look too
    if ((await namespaceInode(name)) === null) lost(name)
  }
  let watcher: ReturnType<typeof watch> | null = null
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      // The folder is made with the first namespace of the machine.
      watcher ??= tryWatch(
        (name) => unawaited(happened(name), log, 'a namespace that vanished'),
        () => {
          watcher?.close()
          watcher = null
        },
      )
      await look().catch((error: Error) => log.warn({ error: error.message }, 'the namespaces could not be looked at'))
      await environment.clock.sleep(1000, stopping.signal)
    }
  })()
  return {
    async close() {
      stopping.abort()
      watcher?.close()
      await loop
    },
  }
}

function tryWatch(listener: (name: string) => void, failed: () => void): ReturnType<typeof watch> | null {
  try {
    return watch(netnsFolder, (_event, name) => {
      if (name) listener(name)
    }).on('error', failed)
  } catch {
    return null
  }
}

function isUuid(id: string): boolean {
  try {
    return shortId(id) !== ''
  } catch {
    return false
  }
}
