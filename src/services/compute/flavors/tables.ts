export interface FlavorRow {
  id: string
  name: string
  vcpus: number
  /** MiB. */
  ram: number
  /** GiB; 0 means as large as the image. */
  disk: number
  /** GiB. */
  ephemeral: number
  /** MiB. */
  swap: number
  rxtx_factor: number
  is_public: boolean
  extra_specs: Record<string, string>
  created_at: string
}

export interface FlavorAccessRow {
  flavor_id: string
  project_id: string
}

declare module '../../../db/tables.ts' {
  interface Tables {
    compute_flavors: FlavorRow
    compute_flavor_access: FlavorAccessRow
  }
}
