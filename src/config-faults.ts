// The setting of the fake host's faults: which steps there are, and whether a plan names only those.
import { fakeSteps as stepsByKind } from './host/fake/steps.ts'
import { nearest } from './nearest.ts'

/** Every step of the fake host as `kind.step`; a test compares them with what it does. */
export const fakeSteps: readonly string[] = Object.entries(stepsByKind).flatMap(([kind, steps]) =>
  Object.keys(steps).map((step) => `${kind}.${step}`),
)

/** What a plan of faults must be, with what may have been meant, where it is not that. */
export function faultPlanFault(text: string): [wanted: string, meant?: string] | undefined {
  for (const part of text.split(',')) {
    const [, step, times] = /^\s*([^\s:]+)(?::(\d{1,9}|\*))?\s*$/.exec(part) ?? []
    if (!step || !/^[a-z-]+\.[a-z-]+$/.test(step))
      return ['kind.step or kind.step:times, separated by commas, as guest.start:2,port.plug:*']
    if (times !== undefined && Number(times) === 0) return ['a plan whose faults come at least once']
    if (!fakeSteps.includes(step)) return [`of the steps ${fakeSteps.join(', ')}`, nearest(step, fakeSteps)]
  }
  return undefined
}
