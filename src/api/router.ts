import findMyWay from 'find-my-way'
import { badRequest, Fault, notFound } from './faults.ts'
import type { Method, Operation } from './operation.ts'
import type { ServiceDeclaration } from './service.ts'

export interface Route {
  /** By action key; '' where the operation is no action. */
  operations: Map<string, Operation[]>
  params: Record<string, string>
  /** Keys of actions that are documented here but not built. */
  notBuiltActions: Set<string>
}

/** A documented operation that nobody declares: method and path below the version. */
export interface DocumentedOperation {
  method: string
  path: string
  title: string
  major: string
  action: string | null
}

export interface Router {
  /** The operations at that place; a Fault 404 or 405, or a description of what is documented there but not built. */
  find(method: string, major: string, path: string): Route | { notBuilt: string }
  /** First literal segments below a version: what is not among them is a project id. */
  isResource(major: string, segment: string): boolean
}

const methods: Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'COPY', 'OPTIONS']
const isId = /\/[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i
// A colon in a literal is doubled: alone it would begin a parameter.
const pattern = (path: string) =>
  path
    .replaceAll(':', '::')
    .replace(/\{([^}]+)\}/g, ':$1')
    .replace(/\/$/, '') || '/'

function decoded(text: string): string {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text
  } catch {
    throw badRequest('The path cannot be decoded.')
  }
}

export function createRouter(service: ServiceDeclaration, documented: DocumentedOperation[]): Router {
  interface Store {
    operations?: Map<string, Operation[]>
    notBuilt?: string
    actions?: Set<string>
  }
  const routers = new Map<string, findMyWay.Instance<findMyWay.HTTPVersion.V1>>()
  const literals = new Map<string, Set<string>>()
  const stores = new Map<string, Store>()
  const handler = () => {}
  // Parameters of different names may share a place; find-my-way wants one name, so names are told apart by position.
  const names = new Map<Store, string[]>()
  const add = (major: string, method: string, path: string, fill: (store: Store) => void) => {
    let router = routers.get(major)
    if (!router) {
      router = findMyWay({ ignoreTrailingSlash: true, caseSensitive: true, maxParamLength: 8192 })
      routers.set(major, router)
      literals.set(major, new Set())
    }
    const neutral = pattern(path)
      .split('/')
      .map((part, index) => (part.startsWith(':') ? `:p${index}` : part))
      .join('/')
    const key = `${major} ${method} ${neutral}`
    let store = stores.get(key)
    if (!store) {
      store = {}
      stores.set(key, store)
      names.set(store, pattern(path).split('/'))
      router.on(method as 'GET', neutral as '/', handler, store)
    }
    fill(store)
    const first = path.split('/')[1]
    if (first && !first.startsWith('{')) literals.get(major)!.add(first)
  }
  for (const operation of service.operations) {
    if (operation.path.endsWith('*}')) continue
    for (const major of operation.majors ?? service.majors.map((m) => m.id)) {
      add(major, operation.method, operation.path, (store) => {
        store.operations ??= new Map()
        const key = operation.action ?? ''
        store.operations.set(key, [...(store.operations.get(key) ?? []), operation])
      })
    }
  }
  for (const { method, path, title, major, action } of documented) {
    add(major, method, path, (store) => {
      store.notBuilt ??= title
      if (action) store.actions = (store.actions ?? new Set()).add(action)
    })
  }

  /** Routes that end in `{name*}`, by version and method: they are asked first, since their paths keep each slash. */
  const tails = new Map<string, { segments: string[]; store: Store }[]>()
  for (const operation of service.operations) {
    const parts = operation.path.split('/').slice(1)
    if (!parts.at(-1)!.endsWith('*}')) continue
    for (const major of operation.majors ?? service.majors.map((m) => m.id)) {
      const key = `${major} ${operation.method}`
      const known = tails.get(key) ?? []
      tails.set(key, [...known, { segments: parts, store: { operations: new Map([['', [operation]]]) } }])
    }
  }

  /** The route and its decoded parameters, when something is left for the tail. Throws a 400 for text that is no UTF-8. */
  function findTail(method: string, major: string, path: string): { store: Store; params: Record<string, string> } | null {
    next: for (const { segments, store } of tails.get(`${major} ${method}`) ?? []) {
      const params: Record<string, string> = {}
      let at = 1
      for (const [index, segment] of segments.entries()) {
        const last = index === segments.length - 1
        const slash = last ? path.length : path.indexOf('/', at)
        const text = slash < 0 ? '' : path.slice(at, slash)
        if (!text) continue next
        if (segment.startsWith('{')) params[segment.slice(1, last ? -2 : -1)] = decoded(text)
        else if (segment !== text) continue next
        at = slash + 1
      }
      return { store, params }
    }
    return null
  }

  /** `ID.json` and `servers.json` of older clients: the same without the ending, where a name that a user chose cannot end so. */
  const withoutFormat = (method: string, major: string, path: string) => {
    const bare = path.slice(0, -'.json'.length)
    const found = routers.get(major)?.find(method as 'GET', bare)
    const last = names.get(found?.store as Store)?.at(-1)
    return found && (!last?.startsWith(':') || isId.test(bare)) ? found : null
  }
  const lookUp = (method: string, major: string, path: string) => {
    const tail = findTail(method, major, path)
    if (tail) return { store: tail.store, params: tail.params, tail: true }
    return (path.endsWith('.json') && withoutFormat(method, major, path)) || routers.get(major)?.find(method as 'GET', path)
  }
  return {
    isResource: (major, segment) => literals.get(major)?.has(segment) ?? false,
    find(method, major, path) {
      let found = lookUp(method, major, path)
      if (!found && method === 'HEAD') found = lookUp('GET', major, path)
      if (!found) {
        const others = methods.filter((other) => other !== method && lookUp(other, major, path))
        if (!others.length) throw notFound('The resource could not be found.')
        throw new Fault(405, `The method ${method.slice(0, 20)} is not allowed for this resource.`, {
          headers: { allow: others.join(', ') },
        })
      }
      const store = found.store as Store
      if (!store.operations) return { notBuilt: store.notBuilt! }
      if ('tail' in found)
        return { operations: store.operations, params: found.params as Record<string, string>, notBuiltActions: new Set() }
      const params: Record<string, string> = {}
      names.get(store)!.forEach((part, index) => {
        if (part.startsWith(':')) params[part.slice(1)] = found.params[`p${index}`] ?? ''
      })
      return { operations: store.operations, params, notBuiltActions: store.actions ?? new Set() }
    },
  }
}

/** Whether a token is asked for at that place. Where actions differ the strictest holds. */
export function authOf(operations: Map<string, Operation[]>): 'none' | 'optional' | 'needed' {
  let found: 'none' | 'optional' = 'none'
  for (const list of operations.values()) {
    for (const { auth } of list) {
      if (auth === undefined) return 'needed'
      if (auth === 'optional') found = 'optional'
    }
  }
  return found
}
