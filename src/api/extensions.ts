// Extensions: clients ask a service what it has beyond its core, and choose by the answer what they call. One is told of when all
// that it is made of is declared, so that nobody is sent to what is not built.
import { type Static, Type } from 'typebox'
import { allOperations } from '../documented.ts'
import type { Fault } from './faults.ts'
import { LinkSchema } from './listing.ts'
import { type Operation, operation, withOtherPaths } from './operation.ts'

export interface Extension {
  alias: string
  name: string
  description: string
  updated: string
  /** Ids of operations, or of what the references document: `compute-v2.1.hosts` is all of that section. */
  needs: readonly string[]
}

const ExtensionSchema = Type.Object({
  alias: Type.String(),
  name: Type.String(),
  description: Type.String(),
  updated: Type.String(),
  links: Type.Array(LinkSchema),
  /** Of compute and identity, from when answers were XML. */
  namespace: Type.Optional(Type.String()),
})

export interface ExtensionListing<E extends Extension> {
  extensions: readonly E[]
  /** All others of the service. */
  operations: readonly Operation[]
  /** What both operations share: who may ask, and at which versions. */
  common: Pick<Operation, 'policy' | 'auth' | 'majors'>
  /** Documented ids of the list and of one. */
  catalog: { list: string[]; show: string[] }
  /** Before the ids `extensions.list` and `extensions.show`. */
  prefix?: string
  view(extension: E): Static<typeof ExtensionSchema>
  /** The list is one more step inside the answer: `{extensions: {values: [...]}}`. */
  inValues?: true
  missing(alias: string): Fault
}

/** True when everything that is needed is declared: a documented section as a whole, anything else by the id of its operation. */
function isBuilt(needs: readonly string[], operations: readonly Operation[]): boolean {
  const documented = new Set(withOtherPaths(operations).flatMap(({ catalog }) => catalog))
  const ids = new Set(operations.map(({ id }) => id))
  return needs.every((need) => {
    const section = allOperations.filter(({ id }) => id === need || id.startsWith(`${need}.`))
    return section.length ? section.every(({ id }) => documented.has(id)) : ids.has(need)
  })
}

/** The operations that list extensions and show one. */
export function extensionOperations<E extends Extension>(listing: ExtensionListing<E>): Operation[] {
  const { extensions, operations, common, catalog, prefix = '', view, inValues, missing } = listing
  const built = extensions.filter(({ needs }) => isBuilt(needs, operations))
  const list = Type.Array(ExtensionSchema)
  return [
    operation({
      ...common,
      id: `${prefix}extensions.list`,
      method: 'GET',
      path: '/extensions',
      summary: 'List extensions',
      catalog: catalog.list,
      answer: Type.Object({ extensions: inValues ? Type.Object({ values: list }) : list }),
      handle: async () => ({ extensions: inValues ? { values: built.map(view) } : built.map(view) }),
    }),
    operation({
      ...common,
      id: `${prefix}extensions.show`,
      method: 'GET',
      path: '/extensions/{alias}',
      summary: 'Show an extension',
      catalog: catalog.show,
      answer: Type.Object({ extension: ExtensionSchema }),
      async handle({ params }) {
        const found = built.find(({ alias }) => alias === params.alias)
        if (!found) throw missing(params.alias.slice(0, 100))
        return { extension: view(found) }
      },
    }),
  ]
}
