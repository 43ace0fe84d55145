// Regular expressions from outside, matched in time linear in the text: all ways through the expression are followed at
// once, so that no text makes it go back and forth. It knows . [] () | * + ? {n,m} ^ $ and \d \w \s; nothing else.
import { badRequest } from './faults.ts'

type Test = (code: number) => boolean
type Instruction = { op: 'char'; test: Test } | { op: 'split'; to: number[] } | { op: 'begin' } | { op: 'end' } | { op: 'match' }

const maxLength = 255
const maxProgram = 2000

class Unreadable extends Error {}

const range =
  (from: number, to: number): Test =>
  (code) =>
    code >= from && code <= to
const digit = range(48, 57)
const word: Test = (code) => digit(code) || range(65, 90)(code) || range(97, 122)(code) || code === 95
const space: Test = (code) => code === 32 || (code >= 9 && code <= 13)
const not =
  (test: Test): Test =>
  (code) =>
    !test(code)
const classes: Record<string, Test> = { d: digit, w: word, s: space, D: not(digit), W: not(word), S: not(space) }

/** Instructions of a part, with targets relative to its own begin. */
type Part = Instruction[]

const shift = (part: Part, by: number): Part => part.map((i) => (i.op === 'split' ? { op: 'split', to: i.to.map((t) => t + by) } : i))

function join(...parts: Part[]): Part {
  const all: Part = []
  for (const part of parts) all.push(...shift(part, all.length))
  if (all.length > maxProgram) throw new Unreadable('too large')
  return all
}

const optional = (part: Part): Part => join([{ op: 'split', to: [1, part.length + 1] }], part)
const star = (part: Part): Part => [...join([{ op: 'split', to: [1, part.length + 2] }], part), { op: 'split', to: [0] }]

function repeat(part: Part, least: number, most: number | null): Part {
  if (least > 100 || (most ?? 0) > 100) throw new Unreadable('too many repetitions')
  const fixed = Array.from({ length: least }, () => part)
  if (most === null) return join(...fixed, star(part))
  let rest: Part = []
  for (let i = least; i < most; i++) rest = optional(join(part, rest))
  return join(...fixed, rest)
}

function compile(source: string, ignoreCase: boolean): Part {
  let at = 0
  const fold = (test: Test): Test => {
    if (!ignoreCase) return test
    return (code) =>
      test(code) ||
      test(String.fromCharCode(code).toLowerCase().charCodeAt(0)) ||
      test(String.fromCharCode(code).toUpperCase().charCodeAt(0))
  }
  const literal = (char: string): Part => [{ op: 'char', test: fold((code) => code === char.charCodeAt(0)) }]
  const alternatives = (): Part => {
    let left = sequence()
    while (source[at] === '|') {
      at++
      const right = sequence()
      left = join([{ op: 'split', to: [1, left.length + 2] }], left, [{ op: 'split', to: [right.length + 1] }], right)
    }
    return left
  }
  const sequence = (): Part => {
    const parts: Part[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(repeated())
    return join(...parts)
  }
  const repeated = (): Part => {
    let part = atom()
    for (;;) {
      const counted = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(source.slice(at, at + 9))
      const mark = source[at]
      if (mark === '*') part = star(part)
      else if (mark === '+') part = join(part, star(part))
      else if (mark === '?') part = optional(part)
      else if (counted) {
        const least = Number(counted[1])
        part = repeat(part, least, counted[2] === undefined ? least : counted[3] === '' ? null : Number(counted[3]))
        at += counted[0].length - 1
      } else return part
      at++
      if (source[at] === '?') at++ // lazy or greedy is the same where only a match is asked for
    }
  }
  const atom = (): Part => {
    const char = source[at++]!
    if (char === '(') {
      if (source[at] === '?') {
        if (source[at + 1] !== ':') throw new Unreadable('unknown group')
        at += 2
      }
      const inner = alternatives()
      if (source[at++] !== ')') throw new Unreadable('a bracket is missing')
      return inner
    }
    if (char === '[') return [{ op: 'char', test: fold(set()) }]
    if (char === '.') return [{ op: 'char', test: () => true }]
    if (char === '^') return [{ op: 'begin' }]
    if (char === '$') return [{ op: 'end' }]
    if (char === '*' || char === '+' || char === '?') throw new Unreadable('nothing to repeat')
    if (char !== '\\') return literal(char)
    const escaped = source[at++]
    if (escaped === undefined) throw new Unreadable('it ends with a backslash')
    const known = classes[escaped]
    if (known) return [{ op: 'char', test: known }]
    if (/[A-Za-z0-9]/.test(escaped)) throw new Unreadable(`\\${escaped} is unknown`)
    return literal(escaped)
  }
  const set = (): Test => {
    const negated = source[at] === '^'
    if (negated) at++
    const tests: Test[] = []
    const start = at
    while (source[at] !== ']' || at === start) {
      let char = source[at++]
      if (char === undefined) throw new Unreadable('a bracket is missing')
      if (char === '\\') {
        char = source[at++]
        const known = classes[char ?? '']
        if (known) {
          tests.push(known)
          continue
        }
        if (char === undefined) throw new Unreadable('a bracket is missing')
      }
      const from = char.charCodeAt(0)
      if (source[at] === '-' && source[at + 1] !== ']' && source[at + 1] !== undefined) {
        const to = source[at + 1]!.charCodeAt(0)
        at += 2
        tests.push(range(from, to))
      } else tests.push((code) => code === from)
    }
    at++
    const any: Test = (code) => tests.some((test) => test(code))
    return negated ? not(any) : any
  }
  const program = alternatives()
  if (at < source.length) throw new Unreadable('a bracket is missing')
  return [...program, { op: 'match' }]
}

/**
 * A test whether the expression is found anywhere in a text. Throws 400 for one that cannot be read. A text without
 * special characters is looked for as it is.
 */
export function safePattern(source: string, options: { ignoreCase?: boolean } = {}): (text: string) => boolean {
  if (source.length > maxLength) throw badRequest(`The pattern is longer than ${maxLength} characters.`)
  let program: Part
  try {
    program = compile(source, options.ignoreCase ?? false)
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    throw badRequest(`Invalid pattern '${source}': ${error.message}.`)
  }
  return (text) => run(program, text)
}

function run(program: Part, text: string): boolean {
  let current = new Set<number>()
  const add = (states: Set<number>, first: number, position: number): boolean => {
    const open = [first]
    for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
      if (states.has(pc)) continue
      states.add(pc)
      const instruction = program[pc]!
      if (instruction.op === 'match') return true
      if (instruction.op === 'split') for (const to of instruction.to) open.push(to)
      else if (instruction.op === 'begin' && position === 0) open.push(pc + 1)
      else if (instruction.op === 'end' && position === text.length) open.push(pc + 1)
    }
    return false
  }
  for (let position = 0; position <= text.length; position++) {
    if (add(current, 0, position)) return true
    if (position === text.length) return false
    const code = text.charCodeAt(position)
    const next = new Set<number>()
    for (const pc of current) {
      const instruction = program[pc]!
      if (instruction.op === 'char' && instruction.test(code) && add(next, pc + 1, position + 1)) return true
    }
    current = next
  }
  return false
}
