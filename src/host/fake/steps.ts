// The steps of the fake host by kind: what a plan of faults may name (docs/ci.md), with the time that each takes where no other is asked for.
import type { Driver } from '../driver.ts'
import type { Kind } from '../kinds.ts'

/** Milliseconds: clients that look once a second see a reboot, and others see each state once. */
export const fakeSteps = {
  network: { apply: 0, remove: 0 },
  'security-group': { apply: 0, remove: 0 },
  router: { apply: 0, remove: 0 },
  port: { plug: 0, remove: 0 },
  guest: { define: 0, change: 0, attach: 0, detach: 0, start: 50, stop: 50, 'reboot-soft': 1500, 'reboot-hard': 1500, remove: 0 },
} as const satisfies { [K in Kind]: Record<string, number> }

/** A driver that also tells what exists. */
export type FakeDriver<K extends Kind, Have = unknown> = Driver<K, Have> & { ids(): string[] }

export type FakeStep<K extends Kind> = keyof (typeof fakeSteps)[K] & string

/** Makes a step of that kind: it takes its time, fails when the plan of faults says so, and then does `work`. */
export type MakeStep<K extends Kind> = (name: FakeStep<K>, work: () => void) => { name: string; run(signal: AbortSignal): Promise<void> }
