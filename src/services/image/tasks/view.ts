import type { Selectable } from 'kysely'
import { type Static, Type } from 'typebox'
import { Nullable } from '../../../api/types.ts'
import { wireTime } from '../images/view.ts'
import type { ImageTaskRow } from '../tables.ts'

export type ImageTask = Selectable<ImageTaskRow>

const summary = {
  id: Type.String(),
  type: Type.Unsafe<ImageTaskRow['type']>({ enum: ['import', 'api_image_import'] }),
  status: Type.Unsafe<ImageTaskRow['status']>({ enum: ['pending', 'processing', 'success', 'failure'] }),
  owner: Type.String(),
  expires_at: Nullable(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
  self: Type.String(),
  schema: Type.String(),
}

/** As it stands in the list of tasks. */
export const TaskSummary = Type.Object(summary)
/** A task as it is shown (reference 11.13); each type has its own input and result. */
export const Task = Type.Object({
  ...summary,
  input: Type.Record(Type.String(), Type.Unknown()),
  result: Nullable(Type.Record(Type.String(), Type.Unknown())),
  message: Type.String(),
  image_id: Nullable(Type.String()),
  request_id: Type.String(),
  user_id: Type.String(),
})

export const taskSummary = (row: ImageTask): Static<typeof TaskSummary> => ({
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

export const taskView = (row: ImageTask): Static<typeof Task> => ({
  ...taskSummary(row),
  input: row.input as Record<string, unknown>,
  result: row.result as Record<string, unknown> | null,
  message: row.message,
  image_id: row.image_id,
  request_id: row.request_id,
  user_id: row.user_id,
})
