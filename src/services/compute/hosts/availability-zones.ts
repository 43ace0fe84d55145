// Availability zones (reference 3.25): one, until aggregates make others.
import { type Static, type TSchema, Type } from 'typebox'
import { operation } from '../../../api/operation.ts'
import { Nullable } from '../../../api/types.ts'
import { rule } from '../../../auth/policy.ts'
import { admin, anyone } from '../rules.ts'
import { defaultZone } from '../scheduler/pick-host.ts'
import { controlServices, controlZone } from './control-services.ts'

const ServiceState = Type.Object({ active: Type.Boolean(), available: Type.Boolean(), updated_at: Nullable(Type.String()) })
type States = Record<string, Static<typeof ServiceState>>
const zones = <S extends TSchema>(hosts: S) =>
  Type.Object({
    availabilityZoneInfo: Type.Array(
      Type.Object({ zoneName: Type.String(), zoneState: Type.Object({ available: Type.Boolean() }), hosts }),
    ),
  })

const micros = (ms: number) => `${new Date(ms).toISOString().slice(0, -1)}000`

export const availabilityZoneOperations = [
  operation({
    id: 'availability-zones.list',
    method: 'GET',
    path: '/os-availability-zone',
    summary: 'List availability zones',
    catalog: ['compute-v2.1.availability-zones.get-availability-zone-information'],
    policy: rule('os_compute_api:os-availability-zone:list', anyone, 'List availability zones.'),
    answer: zones(Type.Null()),
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
    // Host to service to its state.
    answer: zones(Type.Record(Type.String(), Type.Record(Type.String(), ServiceState))),
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
      const ofControl: Record<string, States> = {}
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
