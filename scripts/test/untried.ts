// What the tests are known not to try, by operation or task, with the reason. It only gets shorter: what is tried leaves the list.
import type { Untried } from './operations.ts'

export const knownUntried: Untried = {
  success: {},
  fault: {},
  personas: {},
  crashes: {},
}
