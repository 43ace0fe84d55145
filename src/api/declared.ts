// What is wrong with a service's declarations: nothing starts with a version, rule, state or id in them that is none.
import { allOperations } from '../documented.ts'
import { isAmong } from '../quota/quota.ts'
import type { Operation } from './operation.ts'
import { prepare } from './prepared.ts'
import type { ServiceDeclaration } from './service.ts'
import { type VersionLine, versionLine } from './versions.ts'

const documented = new Set(allOperations.map(({ id }) => id))

/** Throws an error that names the operation and what it declares wrongly. Operations may take quotas that are another one's of `services`. */
export function checkDeclarations(service: ServiceDeclaration, services: readonly ServiceDeclaration[] = [service]): void {
  const quotas = new Set(services.flatMap((each) => Object.keys(each.quotas ?? {})))
  const line = versionLine(service)
  const majors = new Set(['', ...service.majors.map(({ id }) => id)])
  const seen = new Set<string>()
  for (const operation of service.operations) {
    const unknown = Object.keys(operation.quota ?? {}).find((name) => !isAmong(quotas, name))
    const wrong =
      faultOf(operation, service, line, majors) ??
      (unknown === undefined ? null : `takes ${unknown} of a quota, which is none`) ??
      (seen.has(operation.id) ? 'has the id of another one' : null)
    if (wrong) throw new Error(`${service.name}: ${operation.id} ${wrong}`)
    seen.add(operation.id)
  }
  const checks = new Map(Object.entries(service.baseRules))
  for (const { name, check } of [...service.operations.flatMap(({ policy }) => policy ?? []), ...(service.moreRules ?? [])])
    checks.set(name, check)
  for (const [name, check] of checks) {
    for (const [, other] of check.matchAll(/\brule:([^\s()]+)/g))
      if (!checks.has(other!)) throw new Error(`${service.name}: the rule ${name} asks ${other}, which is none`)
  }
}

function faultOf(operation: Operation, service: ServiceDeclaration, line: VersionLine, majors: ReadonlySet<string>): string | null {
  const { path, on, event, allowed, catalog } = operation
  const major = operation.majors?.find((id) => !majors.has(id))
  if (major !== undefined) return `is declared for ${major}, which is no version of the service`
  const unknown = catalog.find((id) => !documented.has(id))
  if (unknown !== undefined) return `says that it is ${unknown}, which no reference has`
  // One whose id is not in the path has no parameter: the token in a header.
  if (on?.param && !path.includes(`{${on.param}}`)) return `is about a ${on.name}, whose ${on.param} is not in its path`
  if ((event !== undefined || allowed) && !on?.machine) return 'depends on states of what has none'
  if (typeof event === 'string' && !Object.hasOwn(on!.machine!.events, event)) return `makes ${event} happen, which is no event`
  if (operation.locked && !on?.checkLock) return 'depends on a lock of what has none'
  try {
    prepare(operation, service, line)
  } catch (error) {
    return `cannot be: ${(error as Error).message}`
  }
  return null
}
