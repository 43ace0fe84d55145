// Where a symbolic link leads, as its metadata says.
import { splitName } from '../large-objects/manifest.ts'
import { unquoteHeader } from '../quoting.ts'
import type { Headers } from '../tables.ts'

export interface Target {
  account: string
  container: string
  object: string
}

/** Account, container and object; `account` is the link's own. */
export function linkTarget(metadata: Headers, account: string): Target {
  const other = metadata['x-symlink-target-account']
  // A name that nothing can have leads nowhere.
  const place = splitName(unquoteHeader(metadata['x-symlink-target']!) ?? '') ?? { container: '', object: '' }
  return { account: other === undefined ? account : (unquoteHeader(other) ?? ''), ...place }
}

/** The path of the target, encoded as the link has it. */
export const linkPath = (major: string, metadata: Headers, account: string): string =>
  `/${major}/${metadata['x-symlink-target-account'] ?? account}/${metadata['x-symlink-target']}`
