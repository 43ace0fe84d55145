// How long one request keeps the process from all others, told by processor time: a busy machine does not change it.

/** Milliseconds of processor time of the longest turn of the loop while `work` runs. */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let before = process.threadCpuUsage()
  let over = false
  const look = () => {
    const now = process.threadCpuUsage()
    longest = Math.max(longest, now.user + now.system - before.user - before.system)
    before = now
    if (!over) setTimeout(look, 1)
  }
  look()
  try {
    await work()
  } finally {
    over = true
  }
  look()
  return longest / 1000
}
