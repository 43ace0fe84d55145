// Policy rules in the language of upstream's policy files: `role:admin or project_id:%(project_id)s`.

/** Who asks, as rules see it. Only what the token proves. */
export interface PolicyCredentials {
  user_id: string | null
  user_domain_id: string | null
  project_id: string | null
  project_domain_id: string | null
  domain_id: string | null
  system_scope: 'all' | null
  roles: string[]
  is_admin: boolean
  /** The scope once more, as identity's upstream rules name it: `token.domain.id`, `token.project.domain.id`. */
  token?: { domain: { id: string } | null; project: { id: string; domain: { id: string } } | null }
}

/** What is acted on: columns of the row, or the typed arguments of a create. Never the raw body. */
export type PolicyTarget = Record<string, unknown>

export interface Rule {
  /** Name as upstream: `os_compute_api:servers:create`. */
  name: string
  check: string
  /** A sentence for the sample file. */
  description: string
  /** For what tokens it is at all; for all of them unless given. An operator's check does not change that. */
  scopes?: readonly Scope[]
}

/** What a token is for; one without a scope is as one for a project. */
export type Scope = 'system' | 'domain' | 'project'
/** Who administers a domain by a token for it has nothing to do with what is the whole cloud's, or a project's. */
export const notOfDomains: readonly Scope[] = ['system', 'project']

export const rule = (name: string, check: string, description: string, scopes?: readonly Scope[]): Rule =>
  scopes ? { name, check, description, scopes } : { name, check, description }

const scopeOf = ({ system_scope, domain_id }: PolicyCredentials): Scope => (system_scope ? 'system' : domain_id ? 'domain' : 'project')

/** The rule by which compute, image and network know their administrators, and the attribute of credentials that says the same. */
export const adminRule = 'context_is_admin'
const adminAttribute = 'is_admin'

type Check = (credentials: PolicyCredentials, target: PolicyTarget, depth: number) => boolean

const tokens =
  /\s*(\(|\)|'[^']*'(?::(?:%\([^)]*\)s|[^\s()]+))?|"[^"]*"(?::(?:%\([^)]*\)s|[^\s()]+))?|[^\s()]*%\([^)]*\)s[^\s()]*|[^\s()]+)/gy

function field(object: Record<string, unknown>, path: string): unknown {
  let value: unknown = object[path]
  if (value === undefined && path.includes('.')) {
    value = path.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], object)
  }
  return value
}

export interface Policy {
  /** True when the rule of that name lets these credentials act on the target. An unknown rule denies. */
  allows(name: string, credentials: PolicyCredentials, target: PolicyTarget): boolean
  /** What a rule says of the asker alone, whatever is acted on: upstream asks `context_is_admin` and the like of the credentials themselves. */
  holds(name: string, credentials: PolicyCredentials): boolean
  /** The check string in force. */
  checkOf(name: string): string | undefined
}

/** For what tokens rules are. An operator's checks do not change that. */
export interface RuleScopes {
  /** By name of the rule. */
  own: ReadonlyMap<string, readonly Scope[]>
  /** Of the rules that say nothing of their own; all tokens unless given. */
  others?: readonly Scope[]
}

/** Reads all rules; `overrides` (an operator's file) replace checks by name. Throws for a check that cannot be read. */
export function createPolicy(
  rules: Record<string, string>,
  overrides: Record<string, string> = {},
  scopes: RuleScopes = { own: new Map() },
): Policy {
  const texts = { ...rules, ...overrides }
  const compiled = new Map<string, Check>()

  function leaf(word: string): Check {
    if (word === '@' || word === '') return () => true
    if (word === '!') return () => false
    const quote = /^['"]/.exec(word)?.[0]
    const colon = quote ? word.indexOf(quote, 1) + 1 : word.indexOf(':')
    if (colon <= 0) throw new Error(`'${word}' is no check`)
    const kind = word.slice(0, colon)
    const match = word.slice(colon + 1)
    const reference = /^%\(([^)]*)\)s$/.exec(match)
    const expected = (target: PolicyTarget): string | undefined => {
      if (!reference) return match
      const value = field(target, reference[1]!)
      return value === undefined || value === null ? undefined : String(value)
    }
    if (kind === 'rule') return (credentials, target, depth) => evaluate(match, credentials, target, depth + 1)
    if (kind === 'role') {
      return (credentials, target) => {
        const name = expected(target)?.toLowerCase()
        return name !== undefined && credentials.roles.some((role) => role.toLowerCase() === name)
      }
    }
    if (kind === adminAttribute && Object.hasOwn(rules, adminRule)) {
      // As upstream: a service's administrators are those of its rule, so that a check of them follows an operator who changes it.
      return (credentials, target, depth) => {
        const is = evaluate(adminRule, credentials, credentials as unknown as PolicyTarget, depth + 1)
        return expected(target)?.toLowerCase() === String(is)
      }
    }
    if (kind === 'field') {
      // `field:networks:router:external=True`: a resource, an attribute of the target, and its value, or `~` and a pattern.
      const [, attribute = '', tilde, value = ''] = /^[^:]+:([^=]+)=(~?)(.*)$/.exec(match) ?? []
      if (!attribute) throw new Error(`'${word}' is no check`)
      const pattern = tilde ? new RegExp(value) : null
      return (_credentials, target) => {
        const own = field(target, attribute)
        if (own === undefined || own === null) return false
        if (pattern) return pattern.test(String(own))
        return typeof own === 'boolean' ? String(own) === value.toLowerCase() : String(own) === value
      }
    }
    if (reference && /^(None|True|False)$/.test(kind)) {
      // A constant against an attribute that is there: `None:%(target.role.domain_id)s` is a role of the whole cloud.
      return (_credentials, target) => {
        const own = field(target, reference[1]!)
        if (typeof own === 'boolean') return kind === (own ? 'True' : 'False')
        return own === null && kind === 'None'
      }
    }
    if (quote) {
      const literal = kind.slice(1, -1)
      return (_credentials, target) => expected(target) === literal
    }
    return (credentials, target) => {
      const wanted = expected(target)
      if (wanted === undefined) return false
      // Older policy files say tenant for project.
      const own = field(credentials as unknown as Record<string, unknown>, kind === 'tenant_id' ? 'project_id' : kind)
      if (own === undefined || own === null) return wanted === 'None' && !reference
      return String(own).toLowerCase() === wanted.toLowerCase() && (typeof own === 'boolean' || String(own) === wanted)
    }
  }

  function parse(text: string): Check {
    const words: string[] = []
    tokens.lastIndex = 0
    const source = text.trim()
    while (tokens.lastIndex < source.length) {
      const match = tokens.exec(source)
      if (!match) throw new Error(`policy check '${text}' cannot be read`)
      words.push(match[1]!)
    }
    let at = 0
    const or = (): Check => {
      const parts = [and()]
      while (words[at]?.toLowerCase() === 'or') {
        at++
        parts.push(and())
      }
      return parts.length === 1 ? parts[0]! : (c, t, d) => parts.some((part) => part(c, t, d))
    }
    const and = (): Check => {
      const parts = [not()]
      while (words[at]?.toLowerCase() === 'and') {
        at++
        parts.push(not())
      }
      return parts.length === 1 ? parts[0]! : (c, t, d) => parts.every((part) => part(c, t, d))
    }
    const not = (): Check => {
      if (words[at]?.toLowerCase() === 'not') {
        at++
        const inner = not()
        return (c, t, d) => !inner(c, t, d)
      }
      if (words[at] === '(') {
        at++
        const inner = or()
        if (words[at++] !== ')') throw new Error(`policy check '${text}' lacks a bracket`)
        return inner
      }
      const word = words[at++]
      if (word === undefined) throw new Error(`policy check '${text}' ends too early`)
      return leaf(word)
    }
    if (words.length === 0) return () => true
    const check = or()
    if (at !== words.length) throw new Error(`policy check '${text}' cannot be read from '${words[at]}' on`)
    return check
  }

  for (const [name, text] of Object.entries(texts)) {
    try {
      compiled.set(name, parse(text))
    } catch (error) {
      throw new Error(`policy rule ${name}: ${(error as Error).message}`)
    }
  }

  function evaluate(name: string, credentials: PolicyCredentials, target: PolicyTarget, depth: number): boolean {
    if (depth > 20) return false // rules that name each other
    return compiled.get(name)?.(credentials, target, depth) ?? false
  }

  const allows: Policy['allows'] = (name, credentials, target) =>
    ((scopes.own.get(name) ?? scopes.others)?.includes(scopeOf(credentials)) ?? true) && evaluate(name, credentials, target, 0)

  return {
    allows,
    holds: (name, credentials) => allows(name, credentials, credentials as unknown as PolicyTarget),
    checkOf: (name) => texts[name],
  }
}
