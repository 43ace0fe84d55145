import type { Cloud } from '../../cloud.ts'

/** The role of those who act in every account, which the access rules name. Idempotent. */
export async function bootstrapRoles({ database, environment }: Cloud): Promise<void> {
  const created_at = new Date(environment.clock.now()).toISOString()
  await database.write(({ db }) =>
    db
      .insertInto('identity_roles')
      .values({ id: environment.hexId(), name: 'ResellerAdmin', domain_id: '', description: null, extra: {}, options: {}, created_at })
      .onConflict((c) => c.columns(['domain_id', 'name']).doNothing())
      .execute(),
  )
}
