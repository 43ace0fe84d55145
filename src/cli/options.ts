// The settings as flags: every command that needs a setting takes all of them, so that the same line works for each.
import { type Command, Option } from 'commander'
import { type Config, flagOf, loadConfig, type Setting, settings } from '../config.ts'
import { nearest } from '../nearest.ts'

/** Adds the flags of `names` (all settings unless given), and `--config`. */
export function addSettings(command: Command, names: readonly (keyof Config)[] = settings.map((s) => s.name)): Command {
  command.option('--config <FILE>', 'file of settings (NEPHOS_CONFIG), else nephos.yaml in the data folder')
  for (const s of settings) if (names.includes(s.name)) for (const option of optionsOf(s)) command.addOption(option)
  return command
}

/** What is not understood is told like any other fault, with the flag that was probably meant. */
export function tellMistakes(command: Command): Command {
  return command.showSuggestionAfterError(false).configureOutput({
    outputError: (text, write) => {
      const [, flag] = /unknown option '(--[^'=]+)/.exec(text) ?? []
      const meant = flag
        ? nearest(
            flag,
            command.options.map((o) => o.long ?? ''),
          )
        : ''
      const ours = text.replace(/^error: /, 'nephos: ')
      write(meant ? ours.replace(/\n*$/, `\n(${meant.trim()})\n`) : ours)
    },
  })
}

/** The settings that a command of a running cloud needs to find it. */
export const locating = ['dataDir'] as const satisfies (keyof Config)[]

function optionsOf(s: Setting): Option[] {
  if (s.type !== 'boolean') return [new Option(`--${flagOf(s)} <${s.argument}>`, helpOf(s))]
  const yes = new Option(`--${flagOf(s)}`, helpOf(s))
  const no = new Option(
    `--no-${flagOf(s)}`,
    s.default === true ? helpOf(s).replace(/^(Install|Make)/, (verb) => `Do not ${verb.toLowerCase()}`) : helpOf(s),
  )
  // Only the unusual one of the two is shown in the help; both are understood.
  return s.default === true ? [yes.hideHelp(), no] : [yes, no.hideHelp()]
}

function helpOf(s: Setting): string {
  const value = s.shown ?? (s.default === null || typeof s.default === 'boolean' ? undefined : `${s.default}`)
  const choices = typeof s.type === 'object' && 'oneOf' in s.type && s.type.oneOf.length > 1 ? ` [${s.type.oneOf.join(' | ')}]` : ''
  return `${s.sentence}${choices}${value === undefined ? '' : ` (default: ${value})`}`.replaceAll('`', '')
}

/** Settings from the flags given to `command` or a parent, the environment and the file. */
export function configOf(command: Command): Config {
  const flags: Record<string, unknown> = {}
  const known = new Set<string>(['config', ...settings.map((s) => s.name)])
  for (let at: Command | null = command; at; at = at.parent) {
    for (const [name, value] of Object.entries(at.opts())) {
      if (known.has(name) && at.getOptionValueSource(name) === 'cli' && !(name in flags)) flags[name] = value
    }
  }
  return loadConfig({ flags, env: process.env })
}

/** The settings as flags for another process of ours. Secrets are left out, since other users see the arguments of a program. */
export function flagsOf(config: Config): string[] {
  const secrets = new Set<keyof Config>(['adminPassword', 'demoPassword', 'databaseUrl', 'seed'])
  return settings.flatMap((s) => {
    const value = config[s.name]
    if (value === null || secrets.has(s.name)) return []
    if (s.type === 'boolean') return [`--${value ? '' : 'no-'}${flagOf(s)}`]
    return [`--${flagOf(s)}=${value}`]
  })
}
