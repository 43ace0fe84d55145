// Extra DHCP options end up in a file of dnsmasq's: only names of its own list get there, and values hold nothing that it reads as more.
import { badRequest } from '../../../api/faults.ts'
import type { DhcpOption } from '../tables.ts'

const names = new Set(
  `netmask time-offset router dns-server log-server lpr-server hostname boot-file-size domain-name swap-server root-path
  extension-path ip-forward-enable non-local-source-routing policy-filter max-datagram-reassembly default-ttl mtu all-subnets-local
  broadcast router-discovery router-solicitation static-route trailer-encapsulation arp-timeout ethernet-encap tcp-ttl tcp-keepalive
  nis-domain nis-server ntp-server vendor-encap netbios-ns netbios-dd netbios-nodetype netbios-scope x-windows-fs x-windows-dm
  requested-address vendor-class nis+-domain nis+-server tftp-server bootfile-name mobile-ip-home smtp-server pop3-server nntp-server
  irc-server user-class rapid-commit fqdn agent-id client-arch client-interface-id client-machine-id posix-timezone tzdb-timezone
  ipv6-only subnet-select domain-search sip-server classless-static-route vendor-id-encap tftp-server-address server-ip-address
  information-refresh-time sntp-server client-id bootfile-url bootfile-param`.split(/\s+/),
)

export interface GivenOption {
  opt_name: string
  opt_value?: string | null
  ip_version?: number | string
}

/** Whether DHCP servers know the option, by name or number: one that they do not know is kept, and given to nobody. */
export function isServed({ opt_name }: DhcpOption): boolean {
  return /^[1-9]\d{0,2}$/.test(opt_name) ? Number(opt_name) <= 254 : names.has(opt_name)
}

/** `old` with the given options laid over it; one without value goes. Throws 400. */
export function mergeDhcpOptions(old: DhcpOption[], given: GivenOption[]): DhcpOption[] {
  const merged = new Map(old.map((option) => [`${option.ip_version} ${option.opt_name}`, option]))
  const seen = new Set<string>()
  for (const { opt_name, opt_value = null, ip_version = 4 } of given) {
    const version = Number(ip_version) as 4 | 6
    const key = `${version} ${opt_name}`
    if (seen.has(key)) throw badRequest(`Invalid input for extra_dhcp_opts. Reason: option ${opt_name} is given twice.`)
    seen.add(key)
    if (!/^[A-Za-z0-9_.:,+-]+$/.test(opt_name))
      throw badRequest('Invalid input for extra_dhcp_opts. Reason: an opt_name holds characters that are not allowed.')
    if (opt_value === null) merged.delete(key)
    else {
      if (!/^[\x20-\x7e]{1,255}$/.test(opt_value) || /["\\#]/.test(opt_value)) {
        throw badRequest(`Invalid input for extra_dhcp_opts. Reason: the value of ${opt_name} holds characters that are not allowed.`)
      }
      merged.set(key, { opt_name, opt_value, ip_version: version })
    }
  }
  return [...merged.values()]
}
