import { randomBytes } from 'node:crypto'
import { type Html, html, PAGE_HEADERS, page } from '../account/page.ts'
import type { Ending } from './ending.ts'

export interface PopupPage {
  headers: Record<string, string>
  body: string
}

/** 128 bits, as the Content Security Policy asks for (CSP 3, 7.1). */
const NONCE_BYTES = 16

/**
 * The page on which an authorization ends (specification 3.4). Where an opener is known it is told, at its exact origin,
 * and the window closes in any case; what stands on the page is for windows that do not.
 */
export function popupPage(ending: Ending): PopupPage {
  const nonce = randomBytes(NONCE_BYTES).toString('base64')
  const { notice } = ending
  const back = notice ? html`<p><a href="${notice.openerOrigin}">Back to where you began</a></p>` : html``
  const script = notice ? noticeScript(notice, nonce) : html``
  return {
    headers: {
      ...PAGE_HEADERS,
      'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
    body: page(
      ending.title,
      html`<p>${ending.text}</p>
${back}
${script}`,
    ),
  }
}

function noticeScript({ message, openerOrigin }: NonNullable<Ending['notice']>, nonce: string): Html {
  return {
    html: `<script nonce="${nonce}">
if (window.opener) window.opener.postMessage(${asScript(message)}, ${asScript(openerOrigin)})
window.close()
</script>`,
  }
}

/** JSON that can stand in a script element: nothing in it ends the element or begins a comment. */
function asScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
