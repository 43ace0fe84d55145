// Availability zones (reference 3.25): one, until aggregates make others.
import { operation } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { admin, anyone } from '../rules.ts'
import { defaultZone } from '../scheduler/pick-host.ts'
import { controlServices, controlZone } from './control-services.ts'

const micros = (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}000`

export const availabilityZoneOperations = [
  operation({
    id: 'availability-zones.list',
    method: 'GET',
    path: '/os-availability-zone',
    summary: 'List availability zones',
    catalog: ['compute-v2.1.availability-zones.get-availability-zone-information'],
    policy: rule('os_compute_api:os-availability-zone:list', anyone, 'List availability zones.'),
    async handle({ cloud, db }) {
      const available = (await cloud.hosts.list(db)).some((host) => host.enabled)
      return { availabilityZoneInfo: [{ zoneName: defaultZone, zoneState: { available }, hosts: null }] }
    },
  }),
  operation({
    id: 'availability-zones.detail',
    method: 'GET',
    path: '/os-availability-zone/detail',
    summary: 'List availability zones with their hosts',
    catalog: ['compute-v2.1.availability-zones.get-detailed-availability-zone-information'],
    policy: rule('os_compute_api:os-availability-zone:detail', admin, 'List availability zones with their hosts.'),
    async handle({ cloud, db }) {
      const hosts = await cloud.hosts.list(db)
      const shown = hosts.map((host) => [
        host.name,
        {
          'nova-compute': {
            active: host.enabled,
            available: host.up,
            updated_at: micros(host.lastSeen),
          },
        },
      ])
      const control = controlServices(cloud).map(({ host, binary, lastSeen }) => ({
        host,
        state: { [binary]: { active: true, available: true, updated_at: micros(lastSeen) } },
      }))
      const ofControl: Record<string, object> = {}
      for (const { host, state } of control) ofControl[host] = { ...ofControl[host], ...state }
      return {
        availabilityZoneInfo: [
          { zoneName: controlZone, zoneState: { available: true }, hosts: ofControl },
          { zoneName: defaultZone, zoneState: { available: hosts.some((host) => host.enabled) }, hosts: Object.fromEntries(shown) },
        ],
      }
    },
  }),
]
