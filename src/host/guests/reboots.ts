// Reboots are jobs of a guest. One that was cut off may have left the guest down: it is begun again.
import type { JobDrivers } from '../driver.ts'
import type { GuestSpec } from './document.ts'

export interface RebootParts {
  /** Presses the power button and waits, as long as the guest has for it; gives whether it has shut down. Throws when its monitor hangs. */
  askToShutDown(id: string, spec: GuestSpec, signal: AbortSignal): Promise<boolean>
  /** Ends what still runs, and starts anew. */
  startAnew(id: string, spec: GuestSpec, signal: AbortSignal): Promise<void>
}

export function mustBeOn({ power }: GuestSpec): void {
  if (power !== 'running') throw new Error('The guest is asked to be off.')
}

export function rebootJobs({ askToShutDown, startAnew }: RebootParts): JobDrivers<'guest'> {
  return {
    'reboot-soft': {
      whenCutOff: 'begin again',
      async run(id, _input, { spec, progress, signal }) {
        mustBeOn(spec)
        progress(0, 'waiting for the guest to shut down')
        const followed = await askToShutDown(id, spec, signal)
        progress(50, 'starting the guest')
        await startAnew(id, spec, signal)
        return { followed }
      },
    },
    'reboot-hard': {
      whenCutOff: 'begin again',
      async run(id, _input, { spec, progress, signal }) {
        mustBeOn(spec)
        progress(0, 'ending the guest and starting it')
        await startAnew(id, spec, signal)
        return {}
      },
    },
  }
}
