// nftables: a script is one transaction, applied whole or not at all.
import { createHash } from 'node:crypto'
import { runIn } from './netns.ts'

/** Applies a script in a namespace, atomically. Throws CommandError with nft's own words. */
export async function nftApply(namespace: string, script: string): Promise<void> {
  await runIn(namespace)('nft', ['-f', '-'], { input: script })
}

/** The text of a table, or null when it does not exist. */
export async function nftTable(namespace: string, family: string, table: string): Promise<string | null> {
  const text = await runIn(namespace)('nft', ['list', 'table', family, table], { accept: [1] })
  return text || null
}

/** The chains of all tables of a family, without their rules: cheap however many rules there are. */
export const nftChains = (namespace: string, family: string): Promise<string> => runIn(namespace)('nft', ['list', 'chains', family])

/** A mark of a ruleset's text, short enough for a comment: by it a ruleset is known again. */
export const rulesHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)
