// The driver of security groups. A group has no thing of its own on the machine: its rules stand in the one ruleset of all ports.
import type { Driver } from '../driver.ts'
import type { Firewall } from './firewall.ts'

export type GroupHave = 'in force' | 'stale'

/** `groups` gives the ids of the documents. */
export function securityGroupDriver(firewall: Firewall, groups: () => Iterable<string>): Driver<'security-group', GroupHave> {
  return {
    kind: 'security-group',
    jobs: {},
    async observe() {
      const state = (await firewall.isCurrent()) ? 'in force' : 'stale'
      return new Map([...groups()].map((id) => [id, state]))
    },
    plan(id, want, have) {
      if (have === 'in force' && !(want && firewall.fault(id))) return []
      const run = async () => {
        await firewall.sync()
        const fault = want ? firewall.fault(id) : null
        if (fault !== null) throw new Error(`security group ${id}: ${fault}`)
      }
      return [{ name: 'put rules in force', run }]
    },
  }
}
