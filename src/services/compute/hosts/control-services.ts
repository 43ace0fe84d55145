// Clients look for the scheduler and the conductor among the services: both are this process, so they are up when it answers.
import type { Cloud } from '../../../cloud.ts'

export const controlZone = 'internal'
export const controlBinaries = ['nova-conductor', 'nova-scheduler']

/** Far above the numbers of hosts, so that ids stay unique. */
const firstId = 1_000_000_001

/** What the real service would list of the control process. */
export const controlServices = ({ config, environment }: Cloud) =>
  controlBinaries.map((binary, index) => ({
    id: firstId + index,
    binary,
    host: config.hostName,
    lastSeen: environment.clock.now(),
  }))
