// Which domains have a directory: those of the operator's file, and, where the setting lets them, those that were configured by the API.
// The latter are looked up at each use, so that a change counts at once on every process.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Fault } from '../../../api/faults.ts'
import { findDomainByName } from '../../../auth/store.ts'
import type { DomainOptionRow, Project } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { serviceState } from '../../../service-state.ts'
import { domainConfigWithSecrets } from '../domain-config/config.ts'
import { invalid } from '../domain-config/options.ts'
import { domainOptions, domainsWithDriver } from '../domain-config/store.ts'
import { addProject } from '../projects/create.ts'
import { type Directory, makeDirectory, unreachable } from './directory.ts'
import { ConfigurationFault, directorySettings } from './options.ts'
import { type DirectorySettings, readDirectorySettings } from './settings.ts'
import { domainsWithEntries, findEntry, hideEntries, type Kind, knownIds, withRow } from './store.ts'

interface Known {
  ofFile: { settings: DirectorySettings; directory: Directory }[]
  /** By domain, with what they were made of. */
  configured: Map<string, { version: string; directory: Directory | null }>
}

/** Reads the operator's file. Throws UserError. */
const knownTo = serviceState((cloud): Known => {
  const ofFile = readDirectorySettings(cloud.config).map((settings) => ({
    settings,
    directory: makeDirectory(cloud, settings, async () => (await findDomainByName(cloud.database.read, settings.domain))?.id),
  }))
  return { ofFile, configured: new Map() }
})
const caFolder = (cloud: Cloud) => join(cloud.config.dataDir, 'ca')

/** False where no domain can have one: then nothing has to be looked up. */
export const hasDirectories = (cloud: Cloud): boolean => knownTo(cloud).ofFile.length > 0 || cloud.config.domainConfigurationsFromDatabase

/** Called when the cloud is made. Throws UserError for a mistake in the operator's file. */
export function beginDirectories(cloud: Cloud): void {
  const { tasks, config } = cloud
  for (const { settings, directory } of knownTo(cloud).ofFile)
    tasks.periodic(`read the directory of ${settings.domain}`, settings.refreshMs, () => patiently(directory.freshen()))
  if (config.domainConfigurationsFromDatabase)
    tasks.periodic('read the directories of domains', 60_000, async () => {
      for (const directory of await configured(cloud)) await patiently(directory.freshen())
    })
}

/** One that is away is told in the log. */
const patiently = (work: Promise<void>) =>
  work.catch((error) => {
    if (!(error instanceof Fault)) throw error
  })

/** The domains of the file, where they are not there yet. Who came by a directory that is no more holds nothing. Called at each start. */
export async function bootstrapDirectories(cloud: Cloud): Promise<void> {
  const now = new Date(cloud.environment.clock.now()).toISOString()
  for (const { settings } of knownTo(cloud).ofFile) {
    const domain = { name: settings.domain, is_domain: true, description: 'Users and groups of a directory' }
    await cloud.database.write(async (tx) => {
      if (!(await findDomainByName(tx.db, settings.domain))) await addProject(cloud, tx, domain, '', now)
    })
  }
  for (const domainId of await domainsWithEntries(cloud.database.read)) {
    if (await directoryOf(cloud, domainId)) continue
    const gone = await cloud.database.write(({ db }) => forget(db, domainId))
    if (gone) cloud.log.warn({ domain: domainId, rows: gone }, 'this domain has no directory any more: its users and groups are gone')
  }
}

/** Takes the rows away that are a directory's; gives how many. */
async function forget(db: Db, domainId: string): Promise<number> {
  let gone = 0
  for (const kind of ['user', 'group'] as const) {
    const ids = await withRow(db, kind, [...(await knownIds(db, domainId, kind))])
    await hideEntries(db, kind, ids)
    gone += ids.length
  }
  return gone
}

const versionOf = (rows: DomainOptionRow[]) => createHash('sha256').update(JSON.stringify(rows)).digest('base64')

/** That of a domain which the API configured. One whose configuration cannot be used answers 503 to everything; the log says why. */
async function configuredOf(cloud: Cloud, domainId: string): Promise<Directory | null> {
  const { configured } = knownTo(cloud)
  const rows = await domainOptions(cloud.database.read, domainId)
  const version = versionOf(rows)
  const before = configured.get(domainId)
  if (before?.version === version) return before.directory
  let directory: Directory | null
  try {
    await cloud.keys.refresh()
    const settings = directorySettings(domainConfigWithSecrets(cloud, rows), domainId, caFolder(cloud))
    directory = settings && makeDirectory(cloud, settings, async () => domainId)
  } catch (error) {
    if (!(error instanceof ConfigurationFault)) throw error
    cloud.log.warn({ domain: domainId, reason: error.message }, 'the directory of a domain cannot be used')
    const refuse = () => Promise.reject(unreachable())
    directory = { domainId: async () => domainId, isAway: () => true, freshen: refuse, freshenUser: refuse, prove: refuse }
  }
  configured.set(domainId, { version, directory })
  return directory
}

async function configured(cloud: Cloud): Promise<Directory[]> {
  if (!cloud.config.domainConfigurationsFromDatabase) return []
  const found: Directory[] = []
  for (const domainId of await domainsWithDriver(cloud.database.read)) {
    const directory = await directoryOf(cloud, domainId)
    if (directory && !knownTo(cloud).ofFile.some((entry) => entry.directory === directory)) found.push(directory)
  }
  return found
}

/** All that there are. */
export const directories = async (cloud: Cloud): Promise<Directory[]> => [
  ...knownTo(cloud).ofFile.map(({ directory }) => directory),
  ...(await configured(cloud)),
]

/** The directory of a domain; the file's, where both have one. */
export async function directoryOf(cloud: Cloud, domainId: string): Promise<Directory | undefined> {
  for (const { directory } of knownTo(cloud).ofFile) if ((await directory.domainId()) === domainId) return directory
  return (cloud.config.domainConfigurationsFromDatabase && (await configuredOf(cloud, domainId))) || undefined
}

/** The directory that a user or group is of, by the id of the row; undefined for local ones. */
export async function directoryWith(cloud: Cloud, db: Db, kind: Kind, id: string): Promise<Directory | undefined> {
  const entry = hasDirectories(cloud) ? await findEntry(db, id, kind) : undefined
  return entry && directoryOf(cloud, entry.domain_id)
}

/**
 * A domain's configuration was changed in this transaction: where domains are served by it, it must be one that can be, else 403; and
 * where it names no directory any more, the rows that were the directory's go.
 */
export async function configurationChanged(cloud: Cloud, db: Db, domain: Project): Promise<void> {
  if (!cloud.config.domainConfigurationsFromDatabase) return
  try {
    const rows = await domainOptions(db, domain.id)
    const settings = directorySettings(domainConfigWithSecrets(cloud, rows), domain.id, caFolder(cloud))
    if (!settings && !knownTo(cloud).ofFile.some((entry) => entry.settings.domain === domain.name)) await forget(db, domain.id)
  } catch (error) {
    if (error instanceof ConfigurationFault) throw invalid(`The directory of the domain cannot be used: ${error.message}`)
    throw error
  }
}
