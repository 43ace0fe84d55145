// Every operation of the references, as facts: what is not declared by a service is answered with 501 instead of 404.

import operations from '../data/operations.json' with { type: 'json' }
import type { DocumentedOperation } from './api/router.ts'
import type { ServiceDeclaration } from './api/service.ts'

interface Fact {
  id: string
  service: string
  method: string
  path: string
  action: string | null
  title: string
}

const projectSegments = new Set(['{tenant_id}', '{project_id}', '{tenantId}', '{account}'])

export const allOperations = operations as unknown as Fact[]

/** The documented operations of a service, with version and project taken off the path. */
export function documentedOperations(service: ServiceDeclaration): DocumentedOperation[] {
  const known = new Set(service.majors.map((major) => major.id))
  const found: DocumentedOperation[] = []
  for (const fact of allOperations) {
    if (fact.service !== service.name) continue
    const [, version = '', ...rest] = fact.path.split('?')[0]!.split('/')
    if (!known.has(version)) continue
    if (service.projectInPath && projectSegments.has(rest[0] ?? '')) rest.shift()
    if (!rest.length || rest.some((part) => part.includes('{') && !/^\{[^{}]+\}$/.test(part))) continue
    found.push({ method: fact.method, path: `/${rest.join('/')}`, title: fact.title, major: version, action: fact.action })
  }
  for (const { id: major } of service.majors) for (const unbuilt of service.unbuilt ?? []) found.push({ ...unbuilt, major, action: null })
  return found
}
