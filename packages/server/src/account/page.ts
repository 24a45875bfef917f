/** Pages for people who open an address of the API in a browser: no script, nothing from elsewhere, no input. */

const STYLE =
  'body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}' +
  'pre{background:#8881;padding:1rem;border-radius:.5rem;white-space:pre-wrap;overflow-wrap:anywhere}'

/** Nothing but the style is allowed, nobody may frame the page, and its address is told to nobody. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const

/** HTML whose variable parts were escaped by {@link html}. */
export interface Html {
  readonly html: string
}

/** Template tag: escapes every value that is not {@link Html} itself. */
export function html(texts: TemplateStringsArray, ...values: (string | Html)[]): Html {
  const parts = texts.map((text, index) => {
    const value = values[index]
    return text + (value === undefined ? '' : typeof value === 'string' ? escaped(value) : value.html)
  })
  return { html: parts.join('') }
}

/** A whole document, to be sent with {@link PAGE_HEADERS}. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${{ html: STYLE }}</style>
<h1>${title}</h1>
${body}
`.html
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
