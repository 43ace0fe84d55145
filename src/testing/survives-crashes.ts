// A process may die after any step of a task; the next one must come to the same end and leave nothing behind.
import { recordCrashes } from './answered.ts'
import type { TestCloud } from './test-cloud.ts'

/**
 * Runs `begin` in a fresh cloud once for every transaction of its tasks: the process "dies" after the first, then after
 * the second ..., starts again on the same data, and `check` looks at the end. Gives how many deaths there were.
 */
export async function survivesCrashes(parts: {
  make(): Promise<TestCloud>
  /** Starts what is tested; gives what `check` needs. */
  begin(cloud: TestCloud): Promise<string>
  check(cloud: TestCloud, id: string, after: number): Promise<void>
  /** Kind of the task that is killed. */
  kind: string
}): Promise<number> {
  for (let after = 1; ; after++) {
    await using cloud = await parts.make()
    const dead = cloud.cloud.tasks.dieAfter(parts.kind, after)
    const id = await parts.begin(cloud)
    const died = await Promise.race([dead.then(() => true), cloud.settled().then(() => false)])
    if (died) await cloud.restart()
    await cloud.settled()
    await parts.check(cloud, id, after)
    if (died) continue
    recordCrashes(parts.kind)
    return after - 1
  }
}
