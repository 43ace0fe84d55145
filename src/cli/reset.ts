import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { UserError } from '../config.ts'
import { isRunning } from './control.ts'
import { configOf } from './options.ts'

/**
 * Takes the guests and networks off the machine and deletes the database and the data folder, after asking. Refuses while a
 * cloud runs on the folder, and when it does not look like one of ours.
 */
export async function reset(command: Command): Promise<void> {
  const config = configOf(command)
  const { dataDir, databaseUrl } = config
  if (!existsSync(dataDir)) return void process.stdout.write(`There is nothing in ${dataDir}.\n`)
  if (await isRunning(dataDir)) throw new UserError(`A cloud runs on ${dataDir}. Stop it first.`)
  const names = readdirSync(dataDir)
  if (names.length > 0 && !isDataFolder(dataDir))
    throw new UserError(`${dataDir} does not look like a data folder of Nephos; nothing was deleted.`)
  if (!command.opts().yes && !(await confirmed(dataDir))) throw new UserError('Nothing was deleted.')
  if (existsSync(join(dataDir, 'agent'))) {
    if (process.getuid?.() !== 0) throw new UserError('Guests and networks may be on this machine: reset as root.')
    await (await import('./clear-machine.ts')).clearMachine(config)
  }
  if (databaseUrl) await (await import('./clear-database.ts')).clearDatabase(databaseUrl)
  // Not rmSync, whose faults have no code.
  for (const name of readdirSync(dataDir)) await rm(join(dataDir, name), { recursive: true, force: true })
  process.stdout.write(`Deleted what was in ${dataDir}.\n`)
}

const isDataFolder = (dataDir: string) =>
  ['admin-password', 'clouds.yaml', 'openrc', 'nephos.db', 'agent'].some((name) => existsSync(join(dataDir, name)))

async function confirmed(dataDir: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UserError('Say --yes to delete without being asked.', 2)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await lines.question(`Delete everything in ${dataDir}: projects, images, servers, disks? [yes/no] `)
  lines.close()
  return answer.trim() === 'yes'
}
