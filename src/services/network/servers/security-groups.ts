// Security groups as another service's API offers them: the same rows, with the same checks.
import type { Static } from 'typebox'
import { badRequest, notFound } from '../../../api/faults.ts'
import type { Cloud } from '../../../cloud.ts'
import type { Db } from '../../../db/database.ts'
import { syncGroups } from '../documents/security-groups.ts'
import { changePort } from '../ports/make.ts'
import { makeRule, removeRule } from '../security-group-rules/make.ts'
import type { NewRule } from '../security-group-rules/schema.ts'
import { ensureDefaultGroup } from '../security-groups/default-group.ts'
import { changeGroup, makeGroup, removeGroup } from '../security-groups/make.ts'
import { type Port, portsOfServers, updatePort } from '../store/ports.ts'
import {
  defaultGroupId,
  findGroups,
  findVisibleGroup,
  findVisibleRule,
  rulesOf,
  type SecurityGroup,
  type SecurityGroupRule,
  visibleGroups,
} from '../store/security-groups.ts'
import { type Asker, actorOf, type Looker, ordinary } from '../wire/actor.ts'
import { resolveGroups } from './networks.ts'

export interface GroupWithRules extends SecurityGroup {
  /** With the group that is the remote side, where there is one. */
  rules: RuleWithRemote[]
}
export type RuleWithRemote = SecurityGroupRule & { remote: SecurityGroup | null }

export interface SecurityGroupsFacade {
  /** Those that the asker may see, by name; `projectId` restricts them. That project's default group is made by looking for it. */
  list(db: Db, asker: Looker, projectId: string | null): Promise<GroupWithRules[]>
  find(db: Db, asker: Looker, id: string): Promise<GroupWithRules | undefined>
  findRule(db: Db, asker: Looker, id: string): Promise<SecurityGroupRule | undefined>
  /** Those of a server's ports. */
  ofServer(db: Db, serverId: string): Promise<GroupWithRules[]>
  create(asker: Asker, projectId: string, content: { name: string; description: string }): Promise<GroupWithRules>
  update(asker: Asker, group: SecurityGroup, changes: { name?: string; description?: string }): Promise<GroupWithRules>
  remove(asker: Asker, group: SecurityGroup): Promise<void>
  createRule(asker: Asker, projectId: string, rule: Static<typeof NewRule>): Promise<RuleWithRemote>
  removeRule(asker: Asker, rule: SecurityGroupRule): Promise<void>
  /** Puts a group of the project (name or id) on all ports of its server. Throws 404 and 409 for the group, 400 for a server without ports. */
  addToServer(asker: Asker, server: { id: string; project_id: string }, group: string): Promise<void>
  /** Takes it off them. Throws 404 also where no port has it. */
  removeFromServer(asker: Asker, server: { id: string; project_id: string }, group: string): Promise<void>
}

async function withRemotes(db: Db, rules: SecurityGroupRule[]): Promise<RuleWithRemote[]> {
  const ids = [...new Set(rules.flatMap((rule) => rule.remote_group_id ?? []))]
  const remotes = new Map((await findGroups(db, ids)).map((group) => [group.id, group]))
  return rules.map((rule) => ({ ...rule, remote: remotes.get(rule.remote_group_id ?? '') ?? null }))
}

async function withRules(db: Db, groups: SecurityGroup[]): Promise<GroupWithRules[]> {
  const ids = groups.map((group) => group.id)
  const rules = await withRemotes(db, [...(await rulesOf(db, ids)).values()].flat())
  const byGroup = Map.groupBy(rules, (rule) => rule.security_group_id)
  return groups.map((group) => ({ ...group, rules: byGroup.get(group.id) ?? [] }))
}

const withItsRules = async (db: Db, group: SecurityGroup): Promise<GroupWithRules> => (await withRules(db, [group]))[0]!

/** The server's ports, taken, so that of two changes at once the second sees the first. */
async function takePorts(db: Db, serverId: string, now: string): Promise<Port[]> {
  const taken: Port[] = []
  for (const { id } of await portsOfServers(db, [serverId])) taken.push(await updatePort(db, id, {}, now))
  return taken
}

/** Security groups of the network service for other services. */
export function securityGroupsFacade(cloud: Cloud): SecurityGroupsFacade {
  async function resolve(db: Db, projectId: string, group: string): Promise<string> {
    const missing = () => notFound(`Security group ${group.slice(0, 255)} not found for project ${projectId}.`)
    if (group !== 'default') {
      const known = (await visibleGroups(db, ordinary(projectId)).execute()).some((one) => one.id === group || one.name === group)
      if (!known) throw missing()
    }
    const [id] = await resolveGroups(db, projectId, [group])
    if (id === undefined) throw missing()
    return id
  }

  return {
    async list(db, asker, projectId) {
      if (projectId && !(await defaultGroupId(db, projectId))) {
        const now = new Date(cloud.environment.clock.now()).toISOString()
        await cloud.database.write((tx) => ensureDefaultGroup(cloud, tx, projectId, now))
      }
      const query = visibleGroups(db, actorOf(asker)).orderBy('name').orderBy('id')
      return withRules(db, await (projectId === null ? query : query.where('project_id', '=', projectId)).execute())
    },
    async find(db, asker, id) {
      const group = await findVisibleGroup(db, actorOf(asker), id)
      return group && withItsRules(db, group)
    },
    findRule: (db, asker, id) => findVisibleRule(db, actorOf(asker), id),
    async ofServer(db, serverId) {
      const ids = new Set((await portsOfServers(db, [serverId])).flatMap((port) => port.security_groups))
      return withRules(db, await findGroups(db, [...ids]))
    },
    create: async (asker, projectId, content) => withItsRules(asker.tx.db, await makeGroup(asker, projectId, content)),
    update: async (asker, group, changes) => withItsRules(asker.tx.db, await changeGroup(asker, group, changes)),
    remove: removeGroup,
    async createRule(asker, projectId, given) {
      const rule = await makeRule(asker, projectId, given)
      await syncGroups(cloud, asker.tx, [rule.security_group_id])
      return (await withRemotes(asker.tx.db, [rule]))[0]!
    },
    removeRule,
    async addToServer({ tx, now }, server, group) {
      if (group === 'default') await ensureDefaultGroup(cloud, tx, server.project_id, now)
      const id = await resolve(tx.db, server.project_id, group)
      const ports = await takePorts(tx.db, server.id, now)
      if (!ports.length) throw badRequest('Network requires port_security_enabled and subnet associated in order to apply security groups.')
      for (const port of ports) {
        if (!port.port_security_enabled || !port.fixed_ips.length) {
          throw badRequest('Network requires port_security_enabled and subnet associated in order to apply security groups.')
        }
        if (!port.security_groups.includes(id)) {
          await changePort(cloud, tx, port, { security_groups: [...port.security_groups, id] }, now)
        }
      }
    },
    async removeFromServer({ tx, now }, server, group) {
      const id = await resolve(tx.db, server.project_id, group)
      const ports = (await takePorts(tx.db, server.id, now)).filter((port) => port.security_groups.includes(id))
      if (!ports.length) throw notFound(`Security group ${id} is not associated with the instance ${server.id}`)
      for (const port of ports) {
        await changePort(cloud, tx, port, { security_groups: port.security_groups.filter((one) => one !== id) }, now)
      }
    },
  }
}
