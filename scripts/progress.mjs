// Shows what takes time: one line a step on standard error. Plain JavaScript, since it runs before anything is installed.
const interactive = Boolean(process.stderr.isTTY)

/** Seconds with one digit: `2.3 s`. */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

/**
 * Runs `work` and shows its name while it takes longer than a second; ends in one line with the time it took.
 * Steps of less than a second stay silent. `work` may call `note(text)` to say what it is doing now.
 */
export async function step(name, work) {
  const begin = Date.now()
  let noted = ''
  let shown = false
  let toldAt = 0
  const show = () => {
    const elapsed = Date.now() - begin
    if (interactive)
      process.stderr.write(
        `\r\x1b[2K  … ${name}${noted && `: ${noted}`} (${seconds(elapsed)})`.slice(0, (process.stderr.columns ?? 80) + 4),
      )
    else if (!shown || elapsed - toldAt >= 10_000) {
      toldAt = elapsed
      process.stderr.write(`  … ${name}${noted && `: ${noted}`}${shown ? ` (${seconds(elapsed)})` : ''}\n`)
    }
    shown = true
  }
  const timer = setInterval(show, interactive ? 250 : 1000)
  const clear = () => {
    clearInterval(timer)
    if (shown && interactive) process.stderr.write('\r\x1b[2K')
  }
  try {
    const result = await work((text) => {
      noted = text
    })
    clear()
    const elapsed = Date.now() - begin
    if (elapsed >= 1000) process.stderr.write(`  ✓ ${name} (${seconds(elapsed)})\n`)
    return result
  } catch (error) {
    clear()
    process.stderr.write(`  ✗ ${name} (${seconds(Date.now() - begin)})\n`)
    throw error
  }
}
