import { describe, expect, test } from 'vitest'
import { knownSecretIn, looksRandom } from './live-secret.ts'

/** Made up for this test, and put together here so that no scanner takes them for lost ones. */
const MIXED = 'q7RtZ2xW9mKp4LvB8nHs3JdF6gYc1TaUe5Xo'
const HEX = '9f3c71d2b8a40e65c1d7f29a3b846e05'
const HEX64 = HEX + [...HEX].reverse().join('')
const upper = MIXED.toUpperCase().replaceAll(/[^A-Z2-7]/g, '')

describe('keys of big providers are known by their shape', () => {
  test.each([
    ['Stripe', `sk_live_${MIXED}`],
    ['Stripe', `rk_live_${MIXED}`],
    ['signing', `whsec_${MIXED}`],
    ['GitHub', `ghp_${MIXED}`],
    ['GitHub', `gho_${MIXED}`],
    ['GitHub', `github_pat_${MIXED}_${MIXED}`],
    ['GitLab', `glpat-${MIXED}`],
    ['Slack', `xoxb-271828182845-${MIXED}`],
    ['Slack', `https://hooks.slack.com/services/T0G9PQBBK/B1H8SVCQL/${MIXED.slice(0, 24)}`],
    ['AWS', `AKIA${upper.slice(0, 16)}`],
    ['Google', `AIza${MIXED.slice(0, 35)}`],
    ['Google', `GOCSPX-${MIXED.slice(0, 28)}`],
    ['SendGrid', `SG.${MIXED.slice(0, 22)}.${MIXED}${MIXED.slice(0, 7)}`],
    ['Twilio', `SK${HEX}`],
    ['Twilio', `AC${HEX}`],
    ['Shopify', `shpat_${HEX}`],
    ['Shopify', `shpss_${HEX}`],
    ['WooCommerce', `ck_${HEX}${HEX.slice(0, 8)}`],
    ['HubSpot', 'pat-na1-9f3c71d2-b8a4-0e65-c1d7-f29a3b846e05'],
    ['OpenAI', `sk-proj-${MIXED}`],
    ['OpenAI', `sk-${MIXED}`],
    ['Linear', `lin_api_${MIXED}`],
    ['Notion', `secret_${MIXED}${MIXED.slice(0, 7)}`],
    ['Mailchimp', `${HEX}-us21`],
    ['Mailgun', `key-${HEX}`],
    ['Brevo', `xkeysib-${HEX64}-x`],
    ['Square', `sq0atp-${MIXED}`],
    ['Airtable', `pat${MIXED.slice(0, 14)}.${HEX64}`],
    ['DigitalOcean', `dop_v1_${HEX64}`],
    ['Telegram', `271828182:AA${MIXED.slice(0, 33)}`],
    ['npm', `npm_${MIXED}`],
    ['private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEow…'],
    ['signed token', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyNzE4Mjgi.${MIXED}`],
  ])('%s: %#', (provider, text) => {
    expect(knownSecretIn(text, { isSample: false })).toContain(provider)
    expect(knownSecretIn(`Bearer ${text}`, { isSample: false })).toContain(provider)
  })

  test.each([
    ['the form of a key', `sk_live_${'x'.repeat(24)}`],
    ['the form of a key in words', 'ghp_yourPersonalAccessTokenGoesHere000000000'],
    ['an example of documentation', `AKIA${'IOSFODNN7EXAMPLE'}`],
    ['a test key', `sk_test_${MIXED}`],
    ['a sentence about keys', 'Copy the key, which starts with sk_live_ or rk_live_, into the form.'],
    ['a public key', '-----BEGIN PUBLIC KEY-----\nMIIBIjANBg…'],
    ['a name with hyphens', 'task-force-sk-long-name-with-many-hyphens-in-it-2024'],
    ['words that begin like a key', 'patience-is-a-virtue-and-keyboard-key-bindings-are-many-too'],
    ['an id of 32 digits', HEX],
  ])('%s is none', (_, text) => {
    expect(knownSecretIn(text, { isSample: false })).toBeUndefined()
  })

  test('the sample of an event may hold ids of accounts and signed data, and no keys', () => {
    expect(knownSecretIn(`AC${HEX}`, { isSample: true })).toBeUndefined()
    expect(
      knownSecretIn(`eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyNzE4Mjgi.${MIXED}`, { isSample: true }),
    ).toBeUndefined()
    expect(knownSecretIn(`sk_live_${MIXED}`, { isSample: true })).toContain('Stripe')
  })
})

describe('a text of chance is told from what people write', () => {
  test.each([
    ['letters of both cases and digits', MIXED],
    ['base64', `${MIXED}/Zk+9Q==`],
    ['base64url', MIXED.replace('W', '_').replace('K', '-')],
  ])('%s', (_, text) => {
    expect(looksRandom(text, false)).toBe(true)
  })

  test('one character less than 32 is an id', () => {
    expect(looksRandom(MIXED.slice(0, 32), false)).toBe(true)
    expect(looksRandom(MIXED.slice(0, 31), false)).toBe(false)
  })

  test('hexadecimal counts where the name says that it is a secret', () => {
    expect(looksRandom(HEX, true)).toBe(true)
    expect(looksRandom(HEX, false)).toBe(false)
    expect(looksRandom('0'.repeat(32), true)).toBe(false)
  })

  test.each([
    ['a sentence', 'Reads the open issues of a repository, 100 at most, and sorts them by Date.'],
    ['a GraphQL query', 'query Issues($first: Int) { issues(first: $first) { nodes { id title } } }'],
    ['code', 'const counts = {}\nfor (const value of values) counts[value] = 1\nreturn { counts }'],
    ['a URL', 'https://api.acme.example/v1/Projects/12/Items/7?expand=Lines&page=2'],
    ['scopes', 'read:user,repo:status,admin:org_hook,write:packages2'],
    ['a UUID', '9F3c71d2-b8a4-4e65-81d7-f29a3b846E05'],
    ['a path of words', 'Projects/locations/usCentral1/keyRings/main2/cryptoKeys'],
    ['a name in camel case', 'ThisIsAVeryLongIdentifierForTheThing2024Version2'],
    ['a name in snake case', 'SHOPIFY_ORDER_FULFILLMENT_EVENT_2024_V2_HANDLER'],
    ['an image', `data:image/png;base64,${MIXED}${MIXED}`],
    ['a placeholder', '{{accessTokenOfTheWorkspace123456789}}'],
    ['a form of a key', `${'Ab1'.repeat(4)}${'x'.repeat(30)}`],
  ])('%s is none', (_, text) => {
    expect(looksRandom(text, true)).toBe(false)
  })
})
