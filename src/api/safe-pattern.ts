// Regular expressions from outside, in the syntax of RE2, which finds them in time linear in the text.
import { RE2JS, RE2JSException } from 're2js'
import { badRequest } from './faults.ts'

const maxLength = 255
/** Instructions of an expression: each costs time for each character, and memory while it is compiled. */
const maxProgram = 1000

/**
 * A test whether the expression is found anywhere in a text. Throws 400 for one that cannot be read or is too large. A text
 * without special characters is looked for as it is.
 */
export function safePattern(source: string, options: { ignoreCase?: boolean } = {}): (text: string) => boolean {
  if (source.length > maxLength) throw badRequest(`The pattern is longer than ${maxLength} characters.`)
  const pattern = compile(source, options.ignoreCase ?? false)
  if (pattern.programSize() > maxProgram) throw badRequest(`Invalid pattern '${source}': too large.`)
  // Not `test`: its automaton makes up to 190 MB of states for an expression such as (0|1)*1(0|1){200}$.
  return (text) => pattern.matcher(text).find()
}

function compile(source: string, ignoreCase: boolean): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.DOTALL | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0))
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw badRequest(`Invalid pattern '${source}': ${error.message}.`)
  }
}
