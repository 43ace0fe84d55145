// A text that is not to be seen. Printed, logged, put into another text or into JSON, it shows nothing of itself, so that no line of code has to
// remember to leave it out.
import { inspect } from 'node:util'

const shown = '***'

export class Secret {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  /** The text itself: to hash it, compare it, or hand it to who asks for it. Never for a message. */
  reveal(): string {
    return this.#text
  }
  toString(): string {
    return shown
  }
  toJSON(): string {
    return shown
  }
  [inspect.custom](): string {
    return shown
  }
}
