// The rules of a mapping over what a provider said: who that is here. Every rule whose conditions all hold counts; the first user wins,
// groups and projects add up (upstream: keystone's federation mapping).
import { type Claims, claimValues } from './claims.ts'
import { type LocalRule, patternOf, type RemoteRule, type Rule } from './schema.ts'

export interface DomainRef {
  id?: string
  name?: string
}
export interface Mapped {
  user: { id?: string; name?: string; email?: string; domain?: DomainRef; type: 'ephemeral' | 'local' }
  groupIds: string[]
  groupNames: { name: string; domain: DomainRef }[]
  projects: { name: string; domain?: DomainRef; roles: string[] }[]
}

/** Who the claims are by these rules, or null when none of them gives anything. */
export function evaluate(rules: Rule[], claims: Claims): Mapped | null {
  const matched = rules.flatMap((rule) => {
    const slots = conditionsHold(rule.remote, claims)
    return slots ? rule.local.map((local) => ({ local, slots })) : []
  })
  if (!matched.length) return null
  const mapped: Mapped = { user: { type: 'ephemeral' }, groupIds: [], groupNames: [], projects: [] }
  let named = false
  for (const { local, slots } of matched) {
    if (local.user && !named) {
      mapped.user = userOf(local.user, slots)
      named = true
    }
    addGroups(mapped, local, slots)
    for (const { name, domain, roles } of local.projects ?? []) {
      const filled = fill(name, slots)
      if (filled)
        mapped.projects.push({ name: filled, domain: domainOf(domain, slots), roles: roles.map((role) => fill(role.name, slots) ?? '') })
    }
  }
  mapped.groupIds = [...new Set(mapped.groupIds)]
  return mapped
}

/** Values for {0}, {1} ... when all conditions hold; null otherwise. A condition with any_one_of or not_any_of fills no place. */
function conditionsHold(remote: RemoteRule[], claims: Claims): string[][] | null {
  const slots: string[][] = []
  for (const condition of remote) {
    const values = claimValues(claims, condition.type)
    if (!values) return null
    const { any_one_of, not_any_of, whitelist, blacklist } = condition
    const wanted = any_one_of ?? not_any_of ?? whitelist ?? blacklist
    if (!wanted) {
      slots.push(values)
      continue
    }
    const matches = matcher(wanted, condition.regex ?? false)
    if (any_one_of) {
      if (!values.some(matches)) return null
    } else if (not_any_of) {
      if (values.some(matches)) return null
    } else slots.push(values.filter((value) => matches(value) === (whitelist !== undefined)))
  }
  return slots
}

function matcher(wanted: string[], regex: boolean): (value: string) => boolean {
  if (!regex) return (value) => wanted.includes(value)
  const patterns = wanted.map(patternOf)
  return (value) => patterns.some((pattern) => pattern(value))
}

const place = /\{(\d{1,4})\}/g

/** The text with one value in each place; null when a value is missing. Of several values the first one counts. */
function fill(text: string, slots: string[][]): string | null {
  let complete = true
  const filled = text.replace(place, (_, index: string) => {
    const value = slots[Number(index)]?.[0]
    if (value === undefined) complete = false
    return value ?? ''
  })
  return complete ? filled : null
}

/** A text that is nothing but one place stands for all its values. */
function fillAll(text: string, slots: string[][]): string[] {
  const whole = /^\{(\d{1,4})\}$/.exec(text.trim())
  if (whole) return slots[Number(whole[1])] ?? []
  const filled = fill(text, slots)
  return filled === null ? [] : [filled]
}

function domainOf(domain: DomainRef | undefined, slots: string[][]): DomainRef | undefined {
  if (!domain) return undefined
  const id = domain.id === undefined ? undefined : (fill(domain.id, slots) ?? '')
  const name = domain.name === undefined ? undefined : (fill(domain.name, slots) ?? '')
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }
}

function userOf({ id, name, email, domain, type }: NonNullable<LocalRule['user']>, slots: string[][]): Mapped['user'] {
  const part = (text: string | undefined) => (text === undefined ? undefined : (fill(text, slots) ?? undefined))
  return { id: part(id), name: part(name), email: part(email), domain: domainOf(domain, slots), type: type ?? 'ephemeral' }
}

function addGroups(mapped: Mapped, { group, groups, group_ids, domain }: LocalRule, slots: string[][]): void {
  if (group?.id !== undefined) mapped.groupIds.push(...fillAll(group.id, slots))
  else if (group?.name !== undefined) {
    const name = fill(group.name, slots)
    const home = domainOf(group.domain, slots)
    if (name !== null && home) mapped.groupNames.push({ name, domain: home })
  }
  if (group_ids !== undefined) mapped.groupIds.push(...fillAll(group_ids, slots))
  const home = domainOf(domain, slots)
  if (groups !== undefined && home) for (const name of fillAll(groups, slots)) mapped.groupNames.push({ name, domain: home })
}
