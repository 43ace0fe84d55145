// What stands above and below a project, as ids for everybody who sees it, as details only where the asker has a role.
import type { BaseContext } from '../../../api/operation.ts'
import type { Project } from '../../../auth/tables.ts'
import { projectsOfUser } from '../assignments/store.ts'
import { parentsOf, subtreeOf } from './store.ts'
import { projectView } from './view.ts'

type Form = 'list' | 'ids' | null
interface Ids {
  [id: string]: Ids | null
}

const parentIds = (parents: Project[]): Ids | null => {
  const [first, ...rest] = parents
  return first ? { [first.id]: parentIds(rest) } : null
}

const subtreeIds = (rows: Project[], id: string): Ids | null => {
  const children = rows.filter((row) => row.parent_id === id)
  return children.length ? Object.fromEntries(children.map((child) => [child.id, subtreeIds(rows, child.id)])) : null
}

export async function hierarchy(context: BaseContext, project: Project, parents: Form, subtree: Form) {
  const { db, who } = context
  const mine = parents === 'list' || subtree === 'list' ? new Set(await projectsOfUser(db, who.user.id)) : new Set<string>()
  const details = (rows: Project[]) => rows.filter((row) => mine.has(row.id)).map((row) => ({ project: projectView(row, context) }))
  const above = parents ? await parentsOf(db, project) : []
  const below = subtree ? await subtreeOf(db, project.id) : []
  return {
    ...(parents === 'list' ? { parents: details(above) } : parents === 'ids' ? { parents: parentIds(above) } : {}),
    ...(subtree === 'list' ? { subtree: details(below) } : subtree === 'ids' ? { subtree: subtreeIds(below, project.id) } : {}),
  }
}
