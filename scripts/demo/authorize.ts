import { openBrowser, type Page, textOf } from '../../packages/server/test/browser.ts'
import { check, type Json, type Stage } from './stage.ts'

export interface Authorization {
  ns: string
  /** What the form before the popup holds. */
  credentials?: Json
  /** What somebody does on the provider's page: the text of the button to press, and what is filled in before. */
  consent: { button: string; fields?: Record<string, string> }
}

/**
 * Plays the browser of somebody who connects: opens the one-time address, follows the redirect to the provider, consents
 * there, and follows the redirect back.
 * @returns the addresses on the way, without what is secret in them, and the words of the page at the end
 */
export async function authorize(
  stage: Stage,
  { ns, credentials = {}, consent }: Authorization,
): Promise<{ way: string[]; end: string }> {
  const { miniAppOauthTicket } = await stage.graphql<{ miniAppOauthTicket: { url: string } }>(
    'mutation ($ns: String!, $credentials: JSON) { miniAppOauthTicket(ns: $ns, credentials: $credentials) }',
    { ns, credentials },
  )
  const browser = openBrowser()
  const page = await browser.open(miniAppOauthTicket.url)
  const { form, button } = findButton(page, consent.button)
  const end = await browser.submit(form, {
    ...consent.fields,
    ...(button.name !== '' && { [button.name]: button.value }),
  })
  check(end.status === 200, `${ns} connected at the end of the redirects`, textOf(end.html))
  const way = browser.visited.map(({ method, url }) => `${method} ${withoutSecrets(url)}`)
  return { way, end: textOf(end.html) }
}

function findButton(page: Page, words: string) {
  for (const form of page.forms) {
    const button = form.buttons.find(({ text }) => text.includes(words))
    if (button) return { form, button }
  }
  check(false, `a button "${words}" on the provider's page`, textOf(page.html))
}

/** Parameters that say how, not who. */
const SHOWN = new Set(['response_type', 'scope', 'code_challenge_method', 'redirect_uri', 'prompt'])

/** Segments of paths that nobody made up by hand. */
const RANDOM_SEGMENT = /[\w-]{32,}/g

function withoutSecrets(address: string): string {
  const url = new URL(address)
  const parameters = [...url.searchParams].map(([name, value]) => `${name}=${SHOWN.has(name) ? value : '…'}`)
  return (
    url.origin +
    url.pathname.replace(RANDOM_SEGMENT, '…') +
    (parameters.length > 0 ? `?${parameters.join('&')}` : '')
  )
}
