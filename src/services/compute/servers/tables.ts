import type { Generated } from 'kysely'
import type { GuestImage } from '../../../host/guests/document.ts'

export type VmState = 'building' | 'active' | 'stopped' | 'error' | 'deleted'
export type TaskState =
  | 'scheduling'
  | 'networking'
  | 'spawning'
  | 'powering-off'
  | 'powering-on'
  | 'rebooting'
  | 'rebooting_hard'
  | 'deleting'

/** As Nova numbers them. */
export const powerStates = { none: 0, running: 1, paused: 3, shutdown: 4, crashed: 6 } as const

/** What a server was made with: the flavor may change or go afterwards. */
export interface ServerFlavor {
  id: string
  name: string
  vcpus: number
  ram: number
  disk: number
  ephemeral: number
  swap: number
  extra_specs: Record<string, string>
}

export interface BootImages {
  disk: GuestImage
  kernel: GuestImage | null
  ramdisk: GuestImage | null
  arguments: string
}

export interface WantedNic {
  networkId?: string
  portId?: string
  fixedIp?: string
}

export interface SchedulerHints {
  sameHost?: string[]
  differentHost?: string[]
  /** Set by an administrator's `zone:host`. */
  forcedHost?: string
  /** An administrator asked, who may use networks and ports that the project may not. */
  asAdmin?: boolean
}

export interface ServerFault {
  code: number
  created: string
  message: string
  details?: string
}

export interface ServerRow {
  seq: Generated<number>
  id: string
  name: string
  description: string | null
  project_id: string
  user_id: string
  image_id: string | null
  flavor_id: string
  flavor: ServerFlavor
  boot_images: BootImages
  vm_state: VmState
  task_state: TaskState | null
  power_state: number
  host: string | null
  /** The zone asked for; null when any will do. */
  availability_zone: string | null
  key_name: string | null
  /** Of the key pair as it was when the server was made. */
  public_key: string | null
  /** Base64. */
  user_data: string | null
  metadata: Record<string, string>
  personality: { path: string; contents: string }[]
  config_drive: boolean
  access_ip_v4: string | null
  access_ip_v6: string | null
  disk_config: 'AUTO' | 'MANUAL'
  hostname: string
  /** Without a list: whatever network the project has. */
  nics: { list: WantedNic[] | null }
  /** Names or ids, as asked for. */
  security_groups: string[]
  hints: SchedulerHints
  /** Kept only until the guest's document has it. */
  admin_pass: string | null
  /** What the guest left as its password at the metadata service, and whether its owner has cleared it since. */
  guest_password: string | null
  guest_password_cleared: Generated<boolean>
  reservation_id: string
  launch_index: number
  fault: ServerFault | null
  created_at: string
  updated_at: string
  launched_at: string | null
  terminated_at: string | null
  deleted_at: string | null
}

export interface ActionEvent {
  event: string
  start_time: string
  finish_time: string | null
  result: 'Success' | 'Error' | null
  traceback: string | null
}

export interface ActionRow {
  seq: Generated<number>
  server_id: string
  action: string
  request_id: string
  user_id: string
  project_id: string
  start_time: string
  updated_at: string
  message: string | null
  events: ActionEvent[]
}

declare module '../../../db/tables.ts' {
  interface Tables {
    compute_servers: ServerRow
    compute_actions: ActionRow
  }
}
