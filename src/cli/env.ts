import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { UserError } from '../config.ts'
import { configOf } from './options.ts'

/** Prints openrc (for eval), or with --paths the two files that clients read. */
export async function env(command: Command): Promise<void> {
  const { dataDir } = configOf(command)
  const { demo, paths } = command.opts<{ demo?: true; paths?: true }>()
  const openrc = join(dataDir, demo ? 'demo-openrc' : 'openrc')
  const clouds = join(dataDir, 'clouds.yaml')
  if (existsSync(dataDir) && !mayEnter(dataDir)) throw new UserError(`${dataDir} may be read by its owner only; try it as that user.`)
  if (!existsSync(openrc))
    throw new UserError(
      `There is no ${openrc}: ${demo && existsSync(clouds) ? 'this cloud was first started without a demo user' : 'no cloud has been started with this data folder'}.`,
    )
  if (paths) return void process.stdout.write(`OPENRC=${openrc}\nOS_CLIENT_CONFIG_FILE=${clouds}\n`)
  try {
    process.stdout.write(onlyVariables(readFileSync(openrc, 'utf8'), openrc))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`${openrc} cannot be read: ${(error as Error).message}`)
  }
}

function mayEnter(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A shell runs what is printed, root's among them, and the file is the control process's: it sets variables to quoted words, and no more. */
export function onlyVariables(text: string, path: string): string {
  if (/^(?:export OS_[A-Z_]+=(?:'[^'\n]*'|\\'|[\w@%+=:,./-])*\n)*$/.test(text)) return text
  throw new UserError(`${path} holds more than variables: look who changed it; nephos up writes it anew.`)
}
