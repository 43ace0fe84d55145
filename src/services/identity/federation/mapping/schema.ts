// What a mapping may say. `remote` are conditions on what a provider says of somebody, `local` is what that is here.
import { type Static, Type } from 'typebox'
import { badRequest } from '../../../../api/faults.ts'
import { safePattern } from '../../../../api/safe-pattern.ts'
import { Closed } from '../../../../api/types.ts'

const Text = Type.String({ minLength: 1, maxLength: 1024 })
const Values = Type.Array(Type.String({ maxLength: 1024 }), { maxItems: 1000 })
const Domain = Closed({ id: Type.Optional(Text), name: Type.Optional(Text) }, { minProperties: 1 })

const Remote = Closed({
  type: Text,
  any_one_of: Type.Optional(Values),
  not_any_of: Type.Optional(Values),
  whitelist: Type.Optional(Values),
  blacklist: Type.Optional(Values),
  regex: Type.Optional(Type.Boolean()),
})
const Local = Closed(
  {
    user: Type.Optional(
      Closed({
        id: Type.Optional(Text),
        name: Type.Optional(Text),
        email: Type.Optional(Text),
        domain: Type.Optional(Domain),
        type: Type.Optional(Type.Union([Type.Literal('ephemeral'), Type.Literal('local')])),
      }),
    ),
    group: Type.Optional(Closed({ id: Type.Optional(Text), name: Type.Optional(Text), domain: Type.Optional(Domain) })),
    groups: Type.Optional(Text),
    group_ids: Type.Optional(Text),
    domain: Type.Optional(Domain),
    projects: Type.Optional(
      Type.Array(
        Closed({
          name: Text,
          domain: Type.Optional(Domain),
          roles: Type.Array(Closed({ name: Text }), { minItems: 1, maxItems: 20 }),
        }),
        { maxItems: 50 },
      ),
    ),
  },
  { minProperties: 1 },
)
export const Rules = Type.Array(
  Closed({ local: Type.Array(Local, { maxItems: 100 }), remote: Type.Array(Remote, { minItems: 1, maxItems: 100 }) }),
  { minItems: 1, maxItems: 200 },
)
export type Rule = Static<typeof Rules>[number]
export type RemoteRule = Static<typeof Remote>
export type LocalRule = Static<typeof Local>

const conditions = ['any_one_of', 'not_any_of', 'whitelist', 'blacklist'] as const

/** What the schema cannot say. Throws 400. */
export function ensureRules(rules: Rule[]): void {
  for (const { local, remote } of rules) {
    for (const entry of remote) {
      const named = conditions.filter((name) => entry[name] !== undefined)
      if (named.length > 1) throw badRequest(`Invalid mapping: ${named.join(' and ')} of ${entry.type} exclude each other.`)
      if (entry.regex && !named.length) throw badRequest(`Invalid mapping: regex of ${entry.type} is for a list of values.`)
      if (entry.regex) for (const pattern of entry[named[0]!] ?? []) patternOf(pattern)
    }
    const slots = remote.filter((entry) => entry.any_one_of === undefined && entry.not_any_of === undefined).length
    for (const [, index] of JSON.stringify(local).matchAll(/\{(\d{1,4})\}/g))
      if (Number(index) >= slots)
        throw badRequest(`Invalid mapping: {${index}} is used, but its rule has ${slots} remote values to put there.`)
    for (const entry of local) {
      if (entry.groups !== undefined && !entry.domain) throw badRequest('Invalid mapping: groups are names, which need a domain.')
      if (entry.group && entry.group.id === undefined && !(entry.group.name !== undefined && entry.group.domain))
        throw badRequest('Invalid mapping: a group is an id, or a name and a domain.')
      if (entry.user?.type === 'local' && entry.user.id === undefined && !(entry.user.name !== undefined && entry.user.domain))
        throw badRequest('Invalid mapping: a local user is an id, or a name and a domain.')
    }
  }
}

/** A pattern that is found anywhere in a value; `(?i)` at its begin as in Python. Throws 400. */
export function patternOf(source: string): (text: string) => boolean {
  const ignoreCase = source.startsWith('(?i)')
  return safePattern(ignoreCase ? source.slice(4) : source, { ignoreCase })
}
