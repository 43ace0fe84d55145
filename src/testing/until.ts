import assert from 'node:assert/strict'

/**
 * Waits until it holds, looking again every few milliseconds. The limit is far above what a busy machine needs: it only turns a
 * fault into a failure that says `what` did not come about.
 */
export async function until(what: string, holds: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await holds())) {
    assert.ok(Date.now() < end, `not within ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
