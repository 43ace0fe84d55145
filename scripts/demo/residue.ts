// What is on this machine and in the database, by name, so that two looks can be compared: what the second has more is residue.
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { asOwnerOf } from '../../src/cli/data-folder.ts'
import type { Config } from '../../src/config.ts'
import { execute } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open.ts'
import { run } from '../../src/host/commands/exec.ts'
import { prefixOf } from '../../src/host/linux-host.ts'

/** Kind of thing to the names of all that there are. */
export type Look = Record<string, string[]>

/** Records of what happened, kept on purpose: they are no residue. Rows that say `deleted_at` are such records too. */
const records = new Set(['schema_migrations', 'tasks', 'task_steps', 'compute_actions', 'image_tombstones', 'events'])
/** One row each, whose content changes by itself: time of contact, generation. */
const states = new Set(['hosts', 'identity_state', 'network_state', 'event_places'])
/** Counters: a row that counts nothing is as good as none. */
const counters: Record<string, string[]> = { quota_usages: ['in_use'], compute_host_usage: ['vcpus', 'ram_mib', 'disk_gib', 'servers'] }

export async function look(config: Config, real: boolean): Promise<Look> {
  const machine = real ? await lookAtMachine(prefixOf(config.dataDir)) : {}
  return { ...machine, processes: processes(config), files: files(config), rows: await rows(config) }
}

/** What we call links and rules. Outside of our namespaces others change theirs at any time, as containers do. */
const named = (prefix: string) => new RegExp(`\\b(tap|br|dhcp|ext|out|if|rt|gw|gp)[0-9a-f]{11}\\b|nephos|${prefix}`)

/** Other clouds on the machine have names of their own. */
async function lookAtMachine(prefix: string): Promise<Look> {
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith(prefix)) : []
  const links = async (...enter: string[]) => {
    const [program = 'ip', ...args] = [...enter, 'ip', '-j', 'link']
    return (JSON.parse(await run(program, args)) as { ifname: string }[]).map((link) => link.ifname)
  }
  const inside = await Promise.all(
    namespaces.map(async (name) => (await links('ip', 'netns', 'exec', name).catch(() => [])).map((link) => `${name}/${link}`)),
  )
  // Names only: counters of packets move by themselves.
  const rules = await Promise.all(
    ['', ...namespaces].map(async (name) => {
      const enter = name ? ['ip', 'netns', 'exec', name] : []
      const list = async (...command: string[]) => {
        const [program = '', ...args] = [...enter, ...command]
        return (await run(program, args).catch(() => '')).split('\n').filter((line) => line.trim() && !line.startsWith('#'))
      }
      const found = [...(await list('iptables-save')), ...(await list('nft', '-s', 'list', 'ruleset'))]
      const ours = found.filter((line) => name || named(prefix).test(line))
      return ours.map((line) => `${name || 'host'}: ${line.trim().replace(/\[\d+:\d+\]/, '')}`)
    }),
  )
  const outside = (await links()).filter((name) => named(prefix).test(name))
  return { namespaces, interfaces: [...outside, ...inside.flat()], 'firewall rules': rules.flat() }
}

const ourFolders = (dataDir: string) => [`${dataDir}/`, `/run/nephos/${prefixOf(dataDir)}/`]

/** Names of programs that were started with a path of ours, but for the cloud's own processes. */
function processes({ dataDir }: Config): string[] {
  return globSync('/proc/[0-9]*').flatMap((folder) => {
    try {
      const [program = '', ...args] = readFileSync(join(folder, 'cmdline'), 'utf8').split('\0')
      const ours = args.some((word) => ourFolders(dataDir).some((start) => word.includes(start)))
      return ours && basename(program) !== 'node' ? [basename(program)] : []
    } catch {
      return [] // it has ended meanwhile
    }
  })
}

/**
 * The database, logs, and what the host writes for itself: whenever it has found something out, and which user number a guest gets next,
 * since none is given again before all others were. They are there as long as the cloud is.
 */
const kept = /^nephos\.db|\.log$|^(run|agent)\/known_hosts$|^cache\/accelerator\.json$|^agent\/guest-uids\.json$/

/** Files of the data folder and of running programs, but for what is kept. */
function files({ dataDir }: Config): string[] {
  return ourFolders(dataDir).flatMap((cwd) =>
    globSync('**', { cwd })
      .filter((path) => !kept.test(path) && statSync(join(cwd, path), { throwIfNoEntry: false })?.isFile())
      .map((path) => join(cwd, path)),
  )
}

const rows = (config: Config): Promise<string[]> => asOwnerOf(join(config.dataDir, 'nephos.db'), () => rowsOf(config))

async function rowsOf({ databaseUrl, dataDir }: Config): Promise<string[]> {
  const database = await openDatabase({ databaseUrl, file: join(dataDir, 'nephos.db') })
  try {
    const list =
      database.dialect === 'sqlite'
        ? "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        : "select table_name as name from information_schema.tables where table_schema = 'public'"
    const tables = (await execute(database.read, list)).rows as { name: string }[]
    const counted = tables
      .filter(({ name }) => !records.has(name) && !states.has(name))
      .map(async ({ name }) => {
        const found = (await execute(database.read, `select * from ${name}`)).rows as Record<string, unknown>[]
        const counts = counters[name]
        const standing = found.filter((row) => !row.deleted_at && (!counts || counts.some((column) => row[column] !== 0)))
        return standing.map((row) => `${name}: ${Object.values(row).slice(0, 3).join(' ')}`)
      })
    return (await Promise.all(counted)).flat()
  } finally {
    await database.close()
  }
}

/** What `after` has and `before` had not, as `kind: name`. */
export function residue(before: Look, after: Look): string[] {
  return Object.entries(after).flatMap(([kind, names]) => {
    const left = [...names]
    for (const name of before[kind] ?? []) {
      const at = left.indexOf(name)
      if (at >= 0) left.splice(at, 1)
    }
    return left.map((name) => `${kind}: ${name}`)
  })
}
