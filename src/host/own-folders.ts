// The folders in the data folder whose content root acts upon. The data folder is also the control process's, which talks to strangers.
import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../config.ts'

/** With their modes: guests, which are other users, pass through the last two. */
const folders = { agent: 0o700, guests: 0o711, cache: 0o755 } as const

/** Makes the agent's folders, so that nobody else can. Throws UserError for one that is not root's: what is in it may be anybody's. */
export function claimOwnFolders(dataDir: string): void {
  for (const [name, mode] of Object.entries(folders)) {
    const path = join(dataDir, name)
    try {
      mkdirSync(path, { mode })
      chmodSync(path, mode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (name === 'cache') takeProbe(path)
    const found = lstatSync(path)
    if (!found.isDirectory() || found.uid !== 0)
      throw new UserError(
        `${path} is not a folder of root, which keeps there what it acts upon. Mend: look who made it, and remove it or give it to root.`,
      )
  }
}

/** What `nephos doctor` of another user has left there is one answer, and is found out anew. */
function takeProbe(path: string): void {
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid === 0 || readdirSync(path).some((name) => name !== 'accelerator.json')) return
  lchownSync(path, 0, 0)
  chmodSync(path, folders.cache)
  for (const name of readdirSync(path)) rmSync(join(path, name))
}
