import type { Selectable } from 'kysely'
import { wireTime } from '../images/view.ts'
import type { ImageTaskRow } from '../tables.ts'

export type ImageTask = Selectable<ImageTaskRow>

const brief = (row: ImageTask) => ({
  id: row.id,
  type: row.type,
  status: row.status,
  owner: row.owner_id,
  expires_at: row.expires_at === null ? null : wireTime(row.expires_at),
  created_at: wireTime(row.created_at),
  updated_at: wireTime(row.updated_at),
  self: `/v2/tasks/${row.id}`,
  schema: '/v2/schemas/task',
})

/** As it stands in the list of tasks. */
export const taskSummary = brief

export const taskView = (row: ImageTask) => ({
  ...brief(row),
  input: row.input,
  result: row.result,
  message: row.message,
  image_id: row.image_id,
  request_id: row.request_id,
  user_id: row.user_id,
})
