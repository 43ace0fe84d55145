import { seconds } from '../progress.mjs'

/** Runs one step and shows its result and its time. */
export async function show<T>(name: string, work: (say: (text: string) => void) => Promise<T>): Promise<T> {
  const started = Date.now()
  let text = ''
  try {
    const result = await work((words) => {
      text = words
    })
    console.log(`  ✓ ${`${name}${text && `: ${text}`}`.padEnd(84)} ${seconds(Date.now() - started).padStart(7)}`)
    return result
  } catch (error) {
    console.log(`  ✗ ${name}`)
    throw error
  }
}
