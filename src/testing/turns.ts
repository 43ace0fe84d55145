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

/** Milliseconds of processor time that the work below takes on a machine as quick as the limits are meant for. */
const quickMs = 2.5

/** Milliseconds on this machine, as it is now, for what takes `ms` on a quick one: shared cores and caches make some four times slower. */
export function onThisMachine(ms: number): number {
  const times = Array.from({ length: 9 }, () => {
    const before = process.threadCpuUsage()
    const entries = Array.from({ length: 4000 }, (_, index) => ({
      name: `object-${index}`,
      bytes: index,
      hash: 'd41d8cd98f00b204e9800998ecf8427e',
    }))
    JSON.parse(JSON.stringify(entries))
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / 1000
  })
  const median = times.toSorted((a, b) => a - b)[4]!
  return ms * Math.min(4, Math.max(1, median / quickMs))
}
