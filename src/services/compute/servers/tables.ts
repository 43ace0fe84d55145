import type { Moved, Tables } from '../../../db/tables.ts'
import type { GuestImage } from '../../../host/documents.ts'

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

export interface ActionEvent {
  event: string
  start_time: string
  finish_time: string | null
  result: 'Success' | 'Error' | null
  traceback: string | null
}

declare module '../../../db/tables.ts' {
  interface Narrow {
    compute_servers: {
      flavor: ServerFlavor
      boot_images: BootImages
      vm_state: Moved<VmState>
      task_state: Moved<TaskState>
      power_state: Moved<number>
      /** Who has locked it against changes: somebody of its project, or an administrator. */
      locked_by: 'owner' | 'admin'
      /** The zone asked for; null when any will do. */
      availability_zone: string
      /** Of the key pair as it was when the server was made. */
      public_key: string
      /** Base64. */
      user_data: string
      metadata: Record<string, string>
      personality: { path: string; contents: string }[]
      disk_config: 'AUTO' | 'MANUAL'
      /** Without a list: whatever network the project has. */
      nics: { list: WantedNic[] | null }
      /** Names or ids, as asked for. */
      security_groups: string[]
      hints: SchedulerHints
      /** Kept only until the guest's document has it. */
      admin_pass: string
      /** What the guest left as its password at the metadata service, and whether its owner has cleared it since. */
      guest_password: string
      fault: ServerFault
    }
    compute_actions: {
      events: ActionEvent[]
    }
  }
}

export type ServerRow = Tables['compute_servers']
export type ActionRow = Tables['compute_actions']
