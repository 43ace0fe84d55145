// No promise is thrown away without somebody who catches what it fails with: an unhandled rejection may end the process, and at best
// is a fault that nobody can place. Biome's noFloatingPromises takes `void` for an answer; this does not.

/** Methods whose value is no promise, as they are used behind `void` to make an arrow function give nothing. */
const synchronous =
  /^(push|unshift|set|add|delete|clear|end|write|writeHead|update|destroy|destroySoon|terminate|emit|on|once|off|resume|pause|unref|abort|resolve|reject|done|next|kill|refuse|listener|fault)$/

/** From the operator on: the expression, up to the bracket, comma or line end that closes it. */
function expressionAt(source: string, start: number): string {
  let depth = 0
  for (let i = start; i < source.length; i++) {
    const letter = source[i]!
    if ('([{'.includes(letter)) depth++
    else if (')]}'.includes(letter) && --depth < 0) return source.slice(start, i)
    else if (depth === 0 && (letter === ',' || letter === ';')) return source.slice(start, i)
    // A chain goes on in the next line with a dot.
    else if (depth === 0 && letter === '\n' && !/^\s*[.?]/.test(source.slice(i + 1))) return source.slice(start, i)
  }
  return source.slice(start)
}

/** The calls of a chain at its top level, with their arguments: `a.b(x).then(y, z)` gives b and then. */
function callsOf(expression: string): { name: string; args: string }[] {
  const calls: { name: string; args: string }[] = []
  let depth = 0
  let begin = 0
  for (let i = 0; i < expression.length; i++) {
    const letter = expression[i]!
    if ('([{'.includes(letter)) {
      if (depth++ === 0) begin = i
    } else if (')]}'.includes(letter) && --depth === 0 && letter === ')') {
      const name = /([\w$]+)\s*(?:<[^()]*>)?\s*!?$/.exec(expression.slice(0, begin))?.[1] ?? ''
      calls.push({ name, args: expression.slice(begin + 1, i) })
    }
  }
  return calls
}

const hasTwo = (args: string) => {
  const text = args.trim()
  return /^,\s*\S/.test(text.slice(expressionAt(text, 0).length))
}

/** What is wrong with one file: `path:line: sentence`. */
export function detachedFaults(path: string, source: string): string[] {
  if (path.endsWith('.test.ts')) return []
  const faults: string[] = []
  const code = source.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '))
  for (const match of code.matchAll(/(?<=(^|[;{}]|=>|return|[?&|])\s*)\bvoid[ \t]+(?=[\w$(])/gm)) {
    const expression = expressionAt(code, match.index + match[0].length)
    const calls = callsOf(expression)
    const last = calls.filter(({ name }) => name !== 'finally').at(-1)
    if (!last || /^\(\s*await\b/.test(expression)) continue
    if (synchronous.test(last.name) || last.name === 'catch' || (last.name === 'then' && hasTwo(last.args))) continue
    const line = code.slice(0, match.index).split('\n').length
    faults.push(`${path}:${line}: what this promise fails with is caught by nobody: ${expression.trim().split('\n')[0]!.slice(0, 60)}`)
  }
  return faults
}
