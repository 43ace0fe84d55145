// MD5 and SHA-512 of images, which are always made together.
import { createHash } from 'node:crypto'
import { hashInThread } from '../../../hash-thread.ts'

export interface Digests {
  md5: string
  sha512: string
}

export interface Hashing {
  /** Resolves when the bytes, which must be in shared memory, have been read and may be overwritten. */
  update(bytes: Uint8Array): Promise<void>
  /** Ends it. */
  digest(): Promise<Digests>
  /** Ends it without a result. */
  drop(): void
}

/** Begins to hash something large, in a thread for each algorithm. */
export function startHashing(): Hashing {
  const [first, second] = [hashInThread('md5'), hashInThread('sha512')]
  return {
    update: async (bytes) => void (await Promise.all([first.update(bytes), second.update(bytes)])),
    async digest() {
      const [md5, sha512] = await Promise.all([first.digest(), second.digest()])
      return { md5, sha512 }
    },
    drop() {
      first.drop()
      second.drop()
    },
  }
}

/** The hashes of something small, at once. */
export const hashNow = (bytes: Uint8Array): Digests => ({
  md5: createHash('md5').update(bytes).digest('hex'),
  sha512: createHash('sha512').update(bytes).digest('hex'),
})
