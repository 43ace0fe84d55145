// Percent-encoding as Swift has it: what is no encoding stands for itself, and only bytes that are no UTF-8 are refused.
import { isUtf8 } from 'node:buffer'

/** Encodes all but letters, digits, `_.-~` and slashes; text that is not well formed gets U+FFFD. */
export const quote = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** Decodes a header's value as it came, which is Latin-1; null when its bytes are no UTF-8 or one is NUL, which no name has. */
export function unquoteHeader(value: string): string | null {
  const bytes = Buffer.from(
    value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString('utf8') : null
}

/** The text without slashes at its end. A pattern that looks for them begins anew at each slash of others that stand before its end. */
export function withoutSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--
  return text.slice(0, end)
}

/** Decodes text; null when what it encodes is no UTF-8 or holds a NUL. */
export const unquote = (text: string): string | null => unquoteHeader(Buffer.from(text).toString('latin1'))
