// The two pages that browsers see on their way.
import { createHash } from 'node:crypto'
import { reply } from '../../../api/operation.ts'

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')

const headers = (policy: string) => ({
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy': `default-src 'none'; base-uri 'none'; frame-ancestors 'none'; ${policy}`,
})
const page = (title: string, content: string) =>
  `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>\n${content}\n</body></html>\n`

const script = `window.addEventListener('load', () => document.forms.sso.submit())`
const scriptHash = createHash('sha256').update(script).digest('base64')

/** Hands the token to the dashboard at `origin`, which was checked, by a form that sends itself. */
export function handOverPage(origin: string, token: string, cookie: string) {
  const content = `<form id="sso" name="sso" action="${escaped(origin)}" method="post">
<p>Please wait ...</p>
<input type="hidden" name="token" id="token" value="${escaped(token)}">
<noscript><input type="submit" value="Go on"></noscript>
</form>
<script>${script}</script>`
  const policy = `script-src 'sha256-${scriptHash}'; form-action ${new URL(origin).origin}`
  return reply({ headers: { ...headers(policy), 'set-cookie': cookie }, body: page('Logging in', content) })
}

/** Lets people choose by whom they log in. */
export const choicePage = (links: { name: string; address: string }[]) =>
  reply({
    status: 200,
    headers: headers("form-action 'none'"),
    body: page(
      'Log in',
      `<p>Log in by</p><ul>${links.map(({ name, address }) => `<li><a href="${escaped(address)}">${escaped(name)}</a></li>`).join('')}</ul>`,
    ),
  })
