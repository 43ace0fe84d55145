// Space that is kept for removals: on a full disk not even they could be written down, and nothing else gives space back.
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'

const bytes = 4 * 2 ** 20
/** How long to wait before it is tried again to take the space. */
const patienceMs = 1000

export interface Reserve {
  /** Gives the space to whoever writes next; false when it has been given already. */
  release(): boolean
  /** Takes it again when there is room. Cheap to be asked often. */
  restore(): void
}

export function createReserve(path: string): Reserve {
  let held = false
  let tried = 0
  const take = () => {
    try {
      if (statSync(path, { throwIfNoEntry: false })?.size === bytes) return true
      const file = openSync(path, 'w', 0o600)
      try {
        writeSync(file, Buffer.alloc(bytes))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      if (statSync(path).size === bytes) return true
    } catch {
      // No room: what was taken of it goes back.
    }
    rmSync(path, { force: true })
    return false
  }
  held = take()
  return {
    release() {
      if (!held) return false
      held = false
      tried = performance.now()
      rmSync(path, { force: true })
      return true
    },
    restore() {
      if (held || performance.now() - tried < patienceMs) return
      tried = performance.now()
      held = take()
    },
  }
}
