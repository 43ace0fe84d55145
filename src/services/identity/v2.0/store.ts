import type { Db } from '../../../db/database.ts'

/** Users who have a role of their own on the project. */
export const listUsersOnProject = (db: Db, projectId: string) =>
  db
    .selectFrom('identity_users')
    .selectAll()
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('identity_assignments')
        .select('actor_id')
        .where('actor_type', '=', 'user')
        .where('target_type', '=', 'project')
        .where('target_id', '=', projectId)
        .where('inherited', '=', false),
    )
    .orderBy('name')
    .execute()
