// The fake host's driver of things that are only there or not: their documents, kept as text.
import type { Kind } from '../kinds.ts'
import type { FakeDriver, FakeStep, MakeStep } from './steps.ts'

/** `make` is the step that makes or changes one. */
export function plainDriver<K extends Exclude<Kind, 'guest'>>(kind: K, make: FakeStep<K>, step: MakeStep<K>): FakeDriver<K> {
  const mine = new Map<string, string>()
  return {
    kind,
    jobs: {} as FakeDriver<K>['jobs'],
    ids: () => [...mine.keys()],
    observe: async () => mine,
    plan(id, want, have) {
      if (!want) return have === undefined ? [] : [step('remove' as FakeStep<K>, () => mine.delete(id))]
      const text = JSON.stringify(want)
      return text === have ? [] : [step(make, () => mine.set(id, text))]
    },
  }
}
