// The fake host's serial console: its login prompt answers, and lets nobody in, as nothing is behind it.
import { Duplex } from 'node:stream'
import { type FakeGuest, hostname } from './guests.ts'

const longestLine = 256
const longestConsole = 2 ** 20

/** The guest's end of a new connection, as a stream. Throws when it does not run. */
export function fakeSerial(guest: FakeGuest | undefined): Duplex {
  if (guest?.power !== 'running') throw new Error('the guest does not run')
  let line = ''
  let isPassword = false
  /** Also in the console's log, as all that the guest says. */
  function say(text: string): void {
    guest!.console = (guest!.console + text).slice(-longestConsole)
    stream.push(text)
  }
  function enter(): void {
    say('\r\n')
    if (isPassword) say('\r\nLogin incorrect\r\n')
    isPassword = !isPassword && line !== ''
    say(isPassword ? 'Password: ' : `${hostname(guest!.spec)} login: `)
    line = ''
  }
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      for (const letter of chunk.toString()) {
        if (letter === '\r') enter()
        else if (letter >= ' ' && line.length < longestLine) {
          line += letter
          if (!isPassword) say(letter)
        }
      }
      done()
    },
    final(done) {
      stream.push(null)
      done()
    },
  })
  return stream
}
