import { Fault, forbidden } from '../../../api/faults.ts'
import { type BaseContext, operation, reply } from '../../../api/operation.ts'
import { isUniqueViolation } from '../../../db/database.ts'
import { type Access, anyName, authorize, checkAccessRules } from '../access/authorize.ts'
import { markedByLists } from '../access/shared.ts'
import { countInAccount, ensureAccount } from '../accounts/store.ts'
import { bulkDelete } from '../bulk/delete.ts'
import { extractArchive } from '../bulk/extract.ts'
import { ReportBody } from '../bulk/report.ts'
import { isForm, postForm } from '../forms/post.ts'
import { merged } from '../headers.ts'
import { checkContainerName, plain } from '../limits.ts'
import { Writing } from '../queries.ts'
import { unquote } from '../quoting.ts'
import { forget, noteAll } from '../sync/queue.ts'
import { syncTarget } from '../sync/target.ts'
import type { Container, Headers } from '../tables.ts'
import { nextTimestamp } from '../timestamps.ts'
import { bareLocation, containerChanges } from './metadata.ts'
import {
  containerMissing,
  findContainer,
  hasVersions,
  insertContainer,
  lockContainer,
  removeContainer,
  setContainerMetadata,
} from './store.ts'
import { forOwners } from './view.ts'

const common = { path: '/{account}/{container}', auth: 'optional', policy: null, majors: ['v1', 'v1.0'], input: 'stream' } as const

/** What the headers change, with a partner for synchronisation that may be one. */
function changesOf(context: BaseContext, account: string, name: string, old: Headers): Headers {
  const changes = containerChanges(context.headers, old)
  for (const location of [changes['x-versions-location'], changes['x-history-location']]) {
    // What is put away there is put, read and removed by requests to this container.
    if (location)
      for (const method of ['GET', 'PUT', 'DELETE'] as const)
        checkAccessRules(context, method, account, `${bareLocation(location)}/${anyName}`)
  }
  const to = changes['x-container-sync-to']
  if (to) {
    const { url } = syncTarget(context.cloud, to)
    if (unquote(new URL(url).pathname)?.endsWith(`/${account}/${name}`) && url.startsWith(context.cloud.endpoints.root('object-store')))
      throw plain(400, 'A container cannot be its own partner')
  }
  return changes
}

/** Stores the changes of a container; a new partner is to get all that is there. */
async function store({ db, cloud }: BaseContext, row: Container, changes: Headers): Promise<void> {
  const at = nextTimestamp(cloud.environment.clock)
  const metadata = markedByLists(merged(row.metadata, changes, 'container'), at)
  await setContainerMetadata(db, row.id, metadata, at)
  const [before, now] = [row.metadata, metadata].map((one) => one['x-container-sync-to'])
  const keyed = row.metadata['x-container-sync-key'] !== metadata['x-container-sync-key']
  if (now && (before !== now || keyed)) await noteAll(db, row.id)
  else if (before && !now) await forget(db, row.id)
}

/** Makes the container, or changes the headers of the one that is there; true when it is new. */
export async function putContainer(context: BaseContext, account: string, name: string): Promise<boolean> {
  const { db, cloud } = context
  const at = nextTimestamp(cloud.environment.clock)
  await ensureAccount(db, account, at)
  const known = await findContainer(db, account, name)
  if (!known) {
    await insertContainer(db, account, name, markedByLists(merged({}, changesOf(context, account, name, {}), 'container'), at), at)
    await countInAccount(db, account, { containers: 1 })
    return true
  }
  const row = await lockContainer(context.tx, cloud, known.id)
  await store(context, row, changesOf(context, account, name, row.metadata))
  return false
}

/** Who may change everything in an account, but does not own it, opens it to nobody else. Throws 403. */
function checkOwners({ headers }: BaseContext, access: Access): void {
  if (access.owner) return
  for (const name of forOwners)
    if (headers[name] !== undefined || headers[name.replace('x-', 'x-remove-')] !== undefined)
      throw forbidden(`Only owners of the account set ${name}.`)
}

export const createContainer = operation({
  ...common,
  id: 'containers.create',
  method: 'PUT',
  summary: 'Create container',
  catalog: ['object-store-v1.containers.create-container', 'quickstart-object-store-v1.0.containers.create-container'],
  transaction: 'none',
  status: 201,
  // 202: it was there. 200: the report of what an archive brought.
  otherStatuses: [200, 202],
  query: Writing,
  answer: ReportBody,
  async handle(context) {
    const { account, container } = context.params
    if (context.rawQuery.has('extract-archive')) return extractArchive(context, account, container)
    checkOwners(context, authorize(context, account, 'own'))
    checkContainerName(container)
    const policy = context.headers['x-storage-policy']
    if (policy && String(policy).toLowerCase() !== 'policy-0') throw plain(400, `Invalid X-Storage-Policy '${String(policy).slice(0, 80)}'`)
    const put = () => context.write((tx) => putContainer({ ...context, tx, db: tx.db }, account, container))
    // Somebody else may make it at the same time: then it is there, which is no fault.
    const made = await put().catch((error) => {
      if (isUniqueViolation(error)) return put()
      throw error
    })
    return made ? undefined : reply({ status: 202 })
  },
})

export const updateContainer = operation({
  ...common,
  id: 'containers.update',
  method: 'POST',
  summary: 'Create, update, or delete container metadata',
  catalog: ['object-store-v1.containers.create-update-or-delete-container-metadata'],
  status: 204,
  // The report of what was removed; what a form has uploaded, told or by its redirect.
  otherStatuses: [200, 201, 303],
  query: Writing,
  answer: ReportBody,
  transaction: 'none',
  async handle(context) {
    const { account, container } = context.params
    const { cloud } = context
    if (isForm(context)) return postForm(context, account, container, '')
    if (context.rawQuery.has('bulk-delete')) return bulkDelete(context, account)
    checkOwners(context, authorize(context, account, 'own'))
    await context.write(async (tx) => {
      const found = await findContainer(tx.db, account, container)
      if (!found) throw containerMissing()
      const row = await lockContainer(tx, cloud, found.id)
      await store({ ...context, tx, db: tx.db }, row, changesOf(context, account, container, row.metadata))
    })
    return undefined
  },
})

/** Removes the container; 409 while it holds anything. */
export async function dropContainer(context: BaseContext, account: string, container: string): Promise<void> {
  const { db } = context
  const found = await findContainer(db, account, container)
  if (!found) throw containerMissing()
  const row = await lockContainer(context.tx, context.cloud, found.id)
  if (await hasVersions(db, row.id)) throw plain(409, 'Delete all versions before deleting container.')
  if (row.objects) throw new Fault(409, 'There was a conflict when trying to complete your request.')
  await removeContainer(db, row.id)
  await countInAccount(db, account, { containers: -1 })
}

export const deleteContainer = operation({
  ...common,
  id: 'containers.delete',
  method: 'DELETE',
  summary: 'Delete container',
  catalog: ['object-store-v1.containers.delete-container', 'quickstart-object-store-v1.0.containers.delete-container'],
  status: 204,
  otherStatuses: [200],
  query: Writing,
  answer: ReportBody,
  transaction: 'none',
  async handle(context) {
    const { account, container } = context.params
    if (context.rawQuery.has('bulk-delete')) return bulkDelete(context, account)
    authorize(context, account, 'own')
    return context.write((tx) => dropContainer({ ...context, tx, db: tx.db }, account, container))
  },
})
