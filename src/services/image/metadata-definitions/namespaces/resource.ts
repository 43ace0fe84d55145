import { forbidden, notFound } from '../../../../api/faults.ts'
import { type BaseContext, resource } from '../../../../api/operation.ts'
import { viewerOf } from '../../images/resource.ts'
import { findNamespace } from '../store.ts'
import type { Namespace } from '../view.ts'

const missing = (name: string) => `The metadata definition namespace=${name.slice(0, 80)} was not found.`

/** What policy sees of a namespace and of all that is in it. */
export const namespaceTarget = ({ owner_id, visibility }: Namespace) => ({ project_id: owner_id, visibility })

export const namespaces = resource<'namespace', Namespace>({
  name: 'namespace',
  param: 'namespace',
  load: (name, context) => findNamespace(context.db, name, viewerOf(context)),
  target: namespaceTarget,
  missing,
})

/** The namespace that a path names before something in it. Throws 404. */
export async function namespaceOf(context: BaseContext): Promise<Namespace> {
  const { namespace } = (context as BaseContext & { params: { namespace: string } }).params
  const found = await findNamespace(context.db, namespace, viewerOf(context))
  if (!found) throw notFound(missing(namespace))
  return found
}

/** Throws 403 when nothing may be taken out of the namespace. */
export function mustNotBeProtected(namespace: Namespace, what: string): void {
  if (namespace.protected) throw forbidden(`The metadata definition namespace ${namespace.name} is protected: ${what} cannot be removed.`)
}
