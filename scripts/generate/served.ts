// What the declarations and the router make of a documented operation: asked of the router itself, so that the page says what happens.
import { createRouter } from '../../src/api/router.ts'
import type { ServiceDeclaration } from '../../src/api/service.ts'
import { documentedOperations } from '../../src/documented.ts'
import type { CatalogOperation, ServedOperations } from './coverage.ts'

const projectSegments = new Set(['{tenant_id}', '{project_id}', '{tenantId}', '{account}'])

/** Catalog ids of the declarations, and whether the rest is answered 501. */
export function servedOperations(service: ServiceDeclaration): ServedOperations {
  const documented = documentedOperations(service)
  const router = createRouter(service, documented)
  return {
    service: service.name,
    works: new Set(service.operations.flatMap((operation) => operation.catalog)),
    answers501({ method, path, action }: CatalogOperation): boolean {
      const [, major = '', ...rest] = path.split('?')[0]!.split('/')
      if (service.projectInPath && projectSegments.has(rest[0] ?? '')) rest.shift()
      try {
        const route = router.find(method, major, `/${rest.join('/')}`)
        return 'notBuilt' in route || (action !== null && !route.operations.has(action) && route.notBuiltActions.has(action))
      } catch {
        return false // 404 or 405
      }
    },
  }
}
