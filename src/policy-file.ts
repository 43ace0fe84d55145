import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { createPolicy } from './auth/policy.ts'
import { type Config, UserError } from './config.ts'
import { nearest } from './nearest.ts'

/** The operator's rules: name to check string. A file that was named must be there; the default one may be missing. */
export function readPolicyOverrides(config: Config): Record<string, string> {
  const path = config.policyFile ?? join(config.dataDir, 'policy.yaml')
  if (!existsSync(path)) {
    if (config.policyFile) throw new UserError(`The policy file ${path} does not exist.`)
    return {}
  }
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8')) ?? {}
  } catch (error) {
    throw new UserError(`The policy file ${path} cannot be read: ${(error as Error).message.split('\n')[0]}`)
  }
  if (typeof content !== 'object' || Array.isArray(content))
    throw new UserError(`The policy file ${path} must map rule names to check strings.`)
  for (const [name, check] of Object.entries(content as object)) {
    if (typeof check !== 'string') throw new UserError(`The policy file ${path}: the check of ${name} must be text.`)
  }
  try {
    createPolicy(content as Record<string, string>)
  } catch (error) {
    throw new UserError(`The policy file ${path}: ${(error as Error).message}.`)
  }
  return content as Record<string, string>
}

/** A sentence for each of the operator's rules that no operation and no other rule asks: what it was to restrict is not restricted. */
export function unaskedRules(overrides: Record<string, string>, known: ReadonlySet<string>): string[] {
  const asked = new Set(Object.values(overrides).flatMap((check) => [...check.matchAll(/\brule:([^\s()]+)/g)].map((match) => match[1]!)))
  return Object.keys(overrides)
    .filter((name) => !known.has(name) && !asked.has(name))
    .map((name) => `The rule ${name} of the policy file is of no effect: nothing asks it.${nearest(name, [...known])}`)
}
