// Completion scripts, made from the same tree of commands that the program parses.
import type { Command } from 'commander'
import { UserError } from '../config.ts'

interface Words {
  path: string
  words: { word: string; text: string }[]
}

/** Prints the completion script of `shell`. */
export async function completion(command: Command, [shell = '']: string[]): Promise<void> {
  const scripts: Record<string, (tree: Words[]) => string> = { bash, zsh, fish }
  const script = scripts[shell]
  if (!script) throw new UserError(`There is no completion for ${JSON.stringify(shell)}: bash, zsh or fish.`, 2)
  process.stdout.write(script(wordsOf(command.parent!, '')))
}

/** What may follow each command: subcommands and visible flags. */
export function wordsOf(command: Command, path: string): Words[] {
  const help = command.createHelp()
  const words = [
    ...help.visibleCommands(command).map((c) => ({ word: c.name(), text: c.description() })),
    ...help.visibleOptions(command).map((o) => ({ word: o.long ?? o.short!, text: o.description })),
  ]
  return [{ path, words }, ...command.commands.flatMap((c) => wordsOf(c, `${path} ${c.name()}`.trim()))]
}

function bash(tree: Words[]): string {
  const cases = tree.map(({ path, words }) => `    '${path}') words='${words.map((w) => w.word).join(' ')}' ;;`)
  return `_nephos() {
  local word path='' words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _nephos nephos
`
}

function zsh(tree: Words[]): string {
  const quote = (text: string) => text.replaceAll("'", '’').replaceAll(':', '\\:')
  const cases = tree.map(({ path, words }) => `    '${path}') words=(${words.map((w) => `'${w.word}:${quote(w.text)}'`).join(' ')}) ;;`)
  return `#compdef nephos
_nephos() {
  local -a words_before words
  words_before=(\${\${words[2,CURRENT-1]}:#-*})
  words=()
  case "\${(j: :)words_before}" in
${cases.join('\n')}
  esac
  if (( $#words )); then _describe nephos words; else _files; fi
}
compdef _nephos nephos
`
}

function fish(tree: Words[]): string {
  const quote = (text: string) => text.replaceAll("'", '’')
  const lines = tree.flatMap(({ path, words }) =>
    words.map(({ word, text }) => {
      const seen = path
        ? path
            .split(' ')
            .map((w) => `__fish_seen_subcommand_from ${w}`)
            .join('; and ')
        : '__fish_use_subcommand'
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`
      return `complete -c nephos -n '${seen}' ${what} -d '${quote(text)}'`
    }),
  )
  return lines.join('\n') + '\n'
}
