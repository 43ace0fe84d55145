// The row types of all tables. Each service adds its own in its tables.ts:
//   declare module '../../db/tables.ts' { interface Tables { identity_users: UserRow } }
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging
export interface Tables {}
