// What the control process asks of a host: one document for each thing that shall exist there. The control process
// writes them, the agent makes the machine agree with them and reports. Nothing else passes between the two,
// but for the calls of link.ts (console log, streams).

/** In the order in which they are made; removal goes the other way round. */
export const kinds = ['network', 'security-group', 'router', 'port', 'guest'] as const
export type Kind = (typeof kinds)[number]

export interface HostSubnet {
  id: string
  /** 4 or 6. */
  ipVersion: 4 | 6
  /** Network address with prefix length: `10.0.0.0/24`. */
  cidr: string
  gatewayIp: string | null
  dhcp: boolean
  /** The address in this subnet on which dnsmasq listens; null when `dhcp` is false. */
  dhcpIp: string | null
  dnsNameservers: string[]
  hostRoutes: { destination: string; nexthop: string }[]
}

/** A layer 2 network: one bridge; dnsmasq (and the metadata listener) beside it when a subnet has DHCP. */
export interface NetworkSpec {
  /** An external network also has its gateway addresses in the agent's outside namespace (floating IPs are reached from there). */
  external: boolean
  adminUp: boolean
  /** Bytes. */
  mtu: number
  dnsDomain: string
  /** MAC of the DHCP port. */
  dhcpMac: string | null
  subnets: HostSubnet[]
}

/** One rule allows; what no rule allows is dropped. Replies of allowed connections always pass. */
export interface FirewallRule {
  direction: 'ingress' | 'egress'
  ipVersion: 4 | 6
  /** IP protocol number, null for any. */
  protocol: number | null
  /** First and last port; for ICMP type and code; null for any. */
  portMin: number | null
  portMax: number | null
  remoteCidr: string | null
  /** Members of this security group are the remote side. */
  remoteGroupId: string | null
}

export interface SecurityGroupSpec {
  rules: FirewallRule[]
  /** Addresses of the ports in this group, with prefix length when it is a range: for rules of other groups that name it as remote. */
  members: string[]
}

export interface FixedIp {
  subnetId: string
  ip: string
  prefixLength: number
}

/** A guest's port: its tap, its DHCP entry, its filter. */
export interface PortSpec {
  networkId: string
  mac: string
  fixedIps: FixedIp[]
  adminUp: boolean
  /** Name the guest gets by DHCP; already a valid DNS label. */
  hostname: string
  /** False switches the filter and anti-spoofing off. */
  portSecurity: boolean
  securityGroupIds: string[]
  allowedAddressPairs: { ip: string; mac: string | null }[]
  /** The guest whose metadata this port may read; null when no guest is attached. */
  guestId: string | null
  /** More DHCP options as number and value, from extra_dhcp_opts. */
  dhcpOptions: { option: string; value: string; ipVersion: 4 | 6 }[]
}

export interface RouterSpec {
  adminUp: boolean
  interfaces: { portId: string; networkId: string; mac: string; fixedIps: FixedIp[] }[]
  gateway: { portId: string; networkId: string; mac: string; fixedIps: FixedIp[]; gatewayIps: string[]; snat: boolean } | null
  floatingIps: { id: string; floatingIp: string; fixedIp: string }[]
  routes: { destination: string; nexthop: string }[]
}

export interface GuestSpec {
  name: string
  vcpus: number
  ramMiB: number
  /** Root disk in GiB; 0 means as large as the image. */
  diskGiB: number
  ephemeralGiB: number
  swapMiB: number
  image: GuestImage
  /** Set for images booted by kernel and ramdisk (ami, aki, ari). */
  kernel: GuestImage | null
  ramdisk: GuestImage | null
  kernelArguments: string
  nics: { portId: string; mac: string; mtu: number }[]
  /** Whole tree of the metadata service, path to content: `openstack/latest/meta_data.json`, `latest/meta-data/instance-id`. */
  metadata: Record<string, string>
  /** Also give the tree as an ISO 9660 disk labelled config-2. */
  configDrive: boolean
  power: 'running' | 'off'
  /** True while a soft shutdown is wished before the power goes off; seconds to wait for it. */
  shutdownTimeout: number
  /** Things to do once, remembered by id: oldest first. */
  actions: GuestAction[]
}

export interface GuestImage {
  id: string
  format: 'raw' | 'qcow2'
  /** Bytes of the file. */
  size: number
  /** SHA-512 of the file, hex. */
  sha512: string
}

export interface GuestAction {
  id: string
  type: 'reboot-soft' | 'reboot-hard'
}

export interface SpecOf {
  network: NetworkSpec
  'security-group': SecurityGroupSpec
  router: RouterSpec
  port: PortSpec
  guest: GuestSpec
}

export interface HostDocument<K extends Kind = Kind> {
  kind: K
  id: string
  /** Grows with each change of the spec. */
  generation: number
  /** null: it shall not exist (any more). */
  spec: SpecOf[K] | null
}

export interface Report {
  kind: Kind
  id: string
  /** The generation that the host has dealt with. */
  generation: number
  outcome: 'done' | 'failed' | 'removed'
  /** One sentence for the user, when failed. */
  error?: string
  /** What the host sees of it now, by kind; see GuestStatus. */
  status?: GuestStatus | Record<string, never>
}

export interface GuestStatus {
  power: 'running' | 'off' | 'paused' | 'crashed'
  /** kvm or tcg. */
  accelerator?: string
  actionsDone?: string[]
  /** What the guest left as its password at the metadata service, encrypted for the owner's key by the guest itself. */
  password?: string
}

/** What a host is and has, told with every contact. */
export interface HostFacts {
  hypervisorType: string
  hypervisorVersion: number
  hypervisorHostname: string
  cpus: number
  cpuModel: string
  memoryMiB: number
  memoryUsedMiB: number
  diskGiB: number
  diskFreeGiB: number
  /** kvm, tcg or fake; empty while it is being tried. */
  accelerator: string
  hostIp: string
  /** What fails there now; hosts of earlier versions do not tell. */
  troubles?: HostTrouble[]
  /** When the agent was started (milliseconds since the epoch), and whether the one before it was killed. */
  agent?: { startedAt: number; afterKill: boolean }
}

/** Something that a host cannot make as its document asks, or, with the id `machine`, cannot even look at. */
export interface HostTrouble {
  kind: Kind | 'agent'
  id: string
  /** The step that failed. */
  step: string
  /** In the words of the program that failed. */
  error: string
  /** Milliseconds since the epoch. */
  since: number
  /** Tries until now. */
  times: number
}
