// Takes guests and networks of a data folder off the machine: what the agent does when no document asks for anything.
import type { Config } from '../config.ts'
import { createEnvironment } from '../environment.ts'
import { guestUidsOf } from '../host/agent-main.ts'
import { kinds } from '../host/kinds.ts'
import { createLinuxHost } from '../host/linux-host.ts'
import { claimOwnFolders } from '../host/own-folders.ts'
import { createReconciler } from '../host/reconcile.ts'
import { createLog } from '../log.ts'

const limitMs = 60_000

/** Resolves when nothing of this data folder is on the machine any more; throws after a minute. Needs root. */
export async function clearMachine(config: Config): Promise<void> {
  const environment = createEnvironment()
  const log = createLog({ level: 'error', format: 'pretty' })
  const { hostName: name, dataDir, hostRoute } = config
  claimOwnFolders(dataDir)
  const guestUids = guestUidsOf(config)
  const noImages = () => Promise.reject(new Error('a machine that is cleared needs no image'))
  const host = await createLinuxHost({ name, dataDir, guestUids, hostRoute, environment, log, fetchImage: noImages, tell: async () => {} })
  const reconciler = createReconciler({ host, environment, log, report: () => {} })
  try {
    reconciler.complete()
    const end = environment.clock.now() + limitMs
    for (;;) {
      // A namespace may vanish between two looks of one observation: then it is not over yet.
      const counts = await Promise.all(
        kinds.map((kind) =>
          host.drivers[kind].observe().then(
            (have) => have.size,
            () => 1,
          ),
        ),
      )
      if (counts.every((count) => count === 0)) return
      if (environment.clock.now() > end) throw new Error(`still there: ${kinds.filter((_, i) => counts[i]! > 0).join(', ')}`)
      await environment.clock.sleep(200)
      reconciler.lookAgain()
    }
  } finally {
    await reconciler.stop()
    await host.close()
  }
}
