// Objects are replaced while they are read: between the row and its bytes these may have gone.

const mostTries = 3

/** Does it again where the bytes that a row has named are gone: the row of now has others. */
export async function whereReplaced<Made>(work: (attempt: number) => Promise<Made>): Promise<Made> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      if (!isGone(error) || attempt >= mostTries) throw error
    }
  }
}

/** True for the fault of bytes that are not there. */
export const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'
