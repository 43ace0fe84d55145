// Keeps the ruleset of the switch namespace as the documents say: rendered whole, restored atomically, read back.

import { together } from '../commands/batch.ts'
import { CommandError } from '../commands/exec.ts'
import { canonicalRules, type Family, iptablesRestore, iptablesSave, protocolNumbers } from '../commands/iptables.ts'
import { namespaceInode } from '../commands/netns.ts'
import { bridgeZones } from '../networks/bridges.ts'
import type { NetworkContext } from '../networks/context.ts'
import { groupsIn } from './chains.ts'
import { type Ruleset, renderRuleset } from './ruleset.ts'

export interface Firewall {
  /** Looks whether the rules in force are those that the documents ask for. */
  isCurrent(): Promise<boolean>
  /** Puts the rules in force and verifies them; nothing is done when they are there already. Throws when they are not in force at the end. */
  sync(): Promise<void>
  /** Why the document of this group is not in the ruleset as it says; null when it is. */
  fault(id: string): string | null
}

const families: readonly Family[] = [4, 6]
/** How long a look at the rules is believed, while nobody but this process should change them. */
const believedMs = 5000

export function createFirewall(context: NetworkContext): Firewall {
  const { namespace } = context.switch
  let verified: { inode: number; at: number; texts: string[] } | null = null
  let rendered: { version: number; zones: string; rulesets: Ruleset[] } | null = null

  async function wantedRules(refused?: ReadonlyMap<string, string>): Promise<Ruleset[]> {
    const zones = bridgeZones(await context.switch.links())
    const key = JSON.stringify([...zones])
    if (refused || rendered?.version !== context.version() || rendered.zones !== key) {
      const rulesets = families.map((family) => renderRuleset(family, context.wanted(), zones, refused))
      rendered = { version: context.version(), zones: key, rulesets }
    }
    return rendered.rulesets
  }

  /** Lines that are in force and not asked for, or the other way round; none when all is as it should be. */
  async function differences(rulesets: Ruleset[], inode: number): Promise<string[]> {
    const protocols = await protocolNumbers()
    const saved = await Promise.all(families.map((family) => iptablesSave(namespace, family)))
    const wanted = rulesets.map(({ text }) => canonicalRules(text, protocols))
    // Rules that agree are worth nothing where the kernel does not show them the bridged frames.
    const unset = await context.switch.unfiltered()
    const agrees = !unset.length && saved.every((text, index) => text === wanted[index])
    verified = agrees ? { inode, at: context.environment.clock.now(), texts: rulesets.map(({ text }) => text) } : null
    if (agrees) return []
    if (unset.length) return unset
    const unlike = saved.flatMap((text, index) => {
      const [there, asked] = [new Set(text.split('\n')), new Set(wanted[index]!.split('\n'))]
      return [...[...there].filter((line) => !asked.has(line)), ...[...asked].filter((line) => !there.has(line))]
    })
    return unlike.length ? unlike : ['the order of the rules']
  }

  async function look(): Promise<boolean> {
    const inode = await namespaceInode(namespace)
    if (inode === null) return false
    const rulesets = await wantedRules()
    const isSame = verified?.inode === inode && rulesets.every(({ text }, index) => text === verified!.texts[index])
    if (isSame && context.environment.clock.now() - verified!.at < believedMs) return true
    if (verified?.inode === inode && !isSame) return false
    return !(await differences(rulesets, inode)).length
  }

  /** Null when the rules are in force, else why not: lines of iptables or of the rulesets. */
  async function restore(rulesets: Ruleset[], inode: number): Promise<string | null> {
    for (const [index, family] of families.entries()) {
      const { text } = rulesets[index]!
      try {
        await iptablesRestore(namespace, family, text)
      } catch (error) {
        if (!(error instanceof CommandError)) throw error
        const line = /line:? (\d+)/.exec(error.stderr)?.[1]
        return `${error.message} ${line ? text.split('\n')[Number(line) - 1] : ''}`
      }
    }
    return (await differences(rulesets, inode)).join('\n') || null
  }

  async function work(): Promise<void> {
    if (await look()) return
    const inode = await namespaceInode(namespace)
    if (inode === null) return // no bridge, no traffic
    const unset = await context.switch.unfiltered()
    if (unset.length) {
      context.log.error(
        { namespace, unset },
        'bridged frames did not pass the packet filter: somebody has changed the kernel settings; they are set again',
      )
      await context.switch.filter()
    }
    const refused = new Map<string, string>()
    for (;;) {
      const trouble = await restore(await wantedRules(refused), inode)
      if (trouble === null) return
      // One group's odd rule must not keep the others' rules out: the groups to which the trouble points stay closed.
      const culprits = groupsIn(trouble, context.wanted().groups.keys()).filter((id) => !refused.has(id))
      if (!culprits.length) throw new Error(`the packet filter does not hold the rules that were given to it: ${trouble.slice(0, 300)}`)
      context.log.error(
        { groups: culprits, trouble: trouble.slice(0, 600) },
        'the packet filter does not take rules of security groups; they let nothing in',
      )
      for (const id of culprits) refused.set(id, 'the packet filter of the host does not take one of its rules')
    }
  }

  return {
    isCurrent: look,
    sync: together(work),
    fault: (id) => rendered?.rulesets.flatMap(({ faults }) => faults.get(id) ?? [])[0] ?? null,
  }
}
