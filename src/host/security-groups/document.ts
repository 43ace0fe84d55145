// What a security group is on a host.
import { documentKind } from '../kind.ts'

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

export const securityGroupKind = documentKind<SecurityGroupSpec>()({ name: 'security-group' })
