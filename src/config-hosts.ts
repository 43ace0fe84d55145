// The settings of machines: this one as a hypervisor, and the fake one; part of the table in config.ts.
import { hostname } from 'node:os'
import type { Setting } from './config.ts'
import { faultPlanFault } from './config-faults.ts'

export interface HostConfig {
  hostName: string
  guestUids: number | null
  controlUid: number
  externalCidr: string
  hostRoute: boolean
  /** Milliseconds. */
  fakeDelay: number | null
  fakeFaults: string | null
}

const setting = <Name extends keyof HostConfig>(
  name: Name,
  type: Setting['type'],
  value: HostConfig[Name] | (() => HostConfig[Name]),
  argument: string,
  sentence: string,
  shown?: string,
) => ({ name, type, default: value, argument, sentence, shown }) as Setting

export const hostSettings: readonly Setting[] = [
  setting('hostName', 'text', () => hostname(), 'NAME', 'Name of this machine as a hypervisor.', 'the name of the machine'),
  setting(
    'guestUids',
    { from: 1000, to: 2 ** 31 - 16_384 },
    null,
    'UID',
    'First of 16,384 unused user numbers, one a guest.',
    'by the data folder',
  ),
  setting(
    'controlUid',
    { from: 0, to: 2 ** 31 },
    64991,
    'UID',
    'Number of the user that the control process runs as beside a real host; 0 leaves it root. It must be able to read the program.',
  ),
  setting('externalCidr', 'cidr', '172.24.4.0/24', 'CIDR', 'Range of the external network `public` that the first start makes.'),
  setting(
    'hostRoute',
    'boolean',
    false,
    '',
    'Route the external range from this machine to the routers, so that floating IPs answer without `nephos connect`.',
  ),
  setting(
    'fakeDelay',
    { from: 0, to: 3600_000 },
    null,
    'MS',
    'Milliseconds that each step of the fake host takes; 0 for as fast as it can.',
    'so much that each state of a server can be seen: 1500 for a reboot, 50 to start or stop a guest',
  ),
  setting(
    'fakeFaults',
    { kind: 'plan', fault: faultPlanFault },
    null,
    'PLAN',
    'Faults that the fake host shows, as `kind.step:times`, separated by commas; `*` is always: see docs/ci.md.',
    'none',
  ),
]
