import { resource } from '../../../api/operation.ts'
import { holding } from '../../../db/hold.ts'
import { seenProject } from '../asker.ts'
import { findFlavor } from './store.ts'

export const flavors = resource({
  name: 'flavor',
  param: 'flavor_id',
  hold: holding('compute_flavors'),
  load: (id, context) => findFlavor(context.db, id, seenProject(context)),
  target: () => ({}),
  missing: (id) => `Flavor ${id.slice(0, 255)} could not be found.`,
})

/** Every flavor, for what only administrators do: others are told that they may not, whether or not there is one. */
export const anyFlavor = resource({ ...flavors, hidden: true, load: (id, { db }) => findFlavor(db, id, null) })
