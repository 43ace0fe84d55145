// Lists that become texts, with turns for all others in between.
import { turn } from '../../turns.ts'

const itemsAtOnce = 20
const pieceLength = 16 * 1024

/** The text that `make` gives for each of many items, as bytes in pieces. `heard` throws when nobody hears the answer any more. */
export async function bytesInTurns<Item>(
  items: Item[],
  separator: string,
  make: (item: Item) => string,
  heard = () => {},
): Promise<Buffer[]> {
  const pieces: Buffer[] = []
  let text = ''
  for (const [index, item] of items.entries()) {
    if (index % itemsAtOnce === 0) {
      // Not at every look: who is at work ends sooner, and what it holds is soon garbage.
      const wait = turn()
      if (wait) await wait
      heard()
    }
    text += index ? separator + make(item) : make(item)
    if (text.length < pieceLength) continue
    pieces.push(Buffer.from(text))
    text = ''
  }
  pieces.push(Buffer.from(text))
  return pieces
}
