/** What a live secret looks like, told from the texts that a definition ordinarily holds. */

/** Key shapes of big providers, as their documentation and the rules of public secret scanners give them. */
const SHAPES: readonly { of: string; shape: RegExp }[] = [
  { of: 'a private key', shape: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/ },
  { of: 'a live key of Stripe', shape: /\b[sr]k_live_([A-Za-z0-9]{16,})/ },
  { of: 'a signing secret', shape: /\bwhsec_([A-Za-z0-9+/=]{24,})/ },
  { of: 'a token of GitHub', shape: /\b(?:gh[oprsu]_([A-Za-z0-9]{36,})|github_pat_(\w{40,}))/ },
  { of: 'a token of GitLab', shape: /\bglpat-([\w-]{20,})/ },
  { of: 'a token of Slack', shape: /\bxox[a-z]-([A-Za-z0-9-]{20,})|\bxapp-\d-([A-Za-z0-9-]{20,})/ },
  {
    of: 'a webhook address of Slack',
    shape: /hooks\.slack\.com\/services\/T\w{8,}\/B\w{8,}\/([A-Za-z0-9]{20,})/,
  },
  { of: 'an access key of AWS', shape: /\b(?:AKIA|ASIA)([A-Z2-7]{16})\b/ },
  { of: 'a key of Google', shape: /\bAIza([\w-]{35})/ },
  { of: 'a secret of Google', shape: /\b(?:GOCSPX-([\w-]{28})|ya29\.([\w-]{30,}))/ },
  { of: 'a key of SendGrid', shape: /\bSG\.([\w-]{22}\.[\w-]{43})/ },
  { of: 'a key of Twilio', shape: /\b(?:SK|AC)([0-9a-f]{32})\b/ },
  { of: 'a secret of Shopify', shape: /\bshp(?:at|ca|pa|ss)_([0-9A-Fa-f]{32})/ },
  { of: 'a secret of WooCommerce', shape: /\bc[ks]_([0-9a-f]{40})\b/ },
  { of: 'a token of HubSpot', shape: /\bpat-[a-z]{2}\d-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f-]{17})/ },
  {
    of: 'a key of OpenAI or Anthropic',
    shape: /\bsk-(?=[\w-]*[A-Z])(?=[\w-]*\d)((?:proj-|svcacct-|admin-|ant-)?[\w-]{32,})/,
  },
  { of: 'a key of Linear', shape: /\blin_(?:api|oauth|wh)_([A-Za-z0-9]{32,})/ },
  { of: 'a token of Notion', shape: /\b(?:secret|ntn)_([A-Za-z0-9]{40,})/ },
  { of: 'a key of Mailchimp', shape: /\b([0-9a-f]{32})-us\d{1,2}\b/ },
  { of: 'a key of Mailgun', shape: /\bkey-([0-9a-f]{32})\b/ },
  { of: 'a key of Brevo', shape: /\bxkeysib-([0-9a-f]{64})/ },
  { of: 'a token of Square', shape: /\bsq0(?:atp|csp)-([\w-]{22,})/ },
  { of: 'a token of Meta', shape: /\bEAA([A-Za-z0-9]{80,})/ },
  { of: 'a token of Atlassian', shape: /\bATATT3([\w=-]{50,})/ },
  { of: 'a token of Airtable', shape: /\bpat[A-Za-z0-9]{14}\.([0-9a-f]{64})/ },
  { of: 'a token of DigitalOcean', shape: /\bdo[opr]_v1_([0-9a-f]{64})/ },
  { of: 'a token of Telegram', shape: /\b\d{8,10}:AA([\w-]{33})/ },
  { of: 'a token of npm', shape: /\bnpm_([A-Za-z0-9]{36})/ },
]

/** A JSON Web Token: a header and claims in base64url, which both begin with `{"`. */
const JWT = /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.([\w-]{20,})/

/** How texts that only show the form of a key are written. */
const SHOWS_THE_FORM = /(.)\1{5}|example|your|secret|token|placeholder|dummy|sample|012345|123456|abcdef/i

/** Characters that a real key has at least; `aaaabbbb…` has fewer. */
const MIN_DISTINCT_CHARACTERS = 8

/** Characters of the shortest shape, an access key of AWS: most texts of a definition are shorter. */
const SHORTEST_KEY = 20

/** A key of a big provider in the text, as a message names it. */
export function knownSecretIn(text: string, { isSample }: { isSample: boolean }): string | undefined {
  if (text.length < SHORTEST_KEY) return undefined
  for (const { of, shape } of SHAPES) {
    const found = shape.exec(text)
    if (found === null) continue
    // The id of an account, and in what an event looks like no mistake.
    if (isSample && found[0].startsWith('AC')) continue
    const secret = found.slice(1).find((group) => group !== undefined)
    if (secret === undefined || isReal(secret)) return of
  }
  // Events carry signed tokens that open nothing.
  return !isSample && JWT.test(text) ? 'a signed token' : undefined
}

function isReal(secret: string): boolean {
  return new Set(secret).size >= MIN_DISTINCT_CHARACTERS && !SHOWS_THE_FORM.test(secret)
}

/** Characters: shorter texts of chance are ids more often than keys. */
const MIN_RANDOM_CHARACTERS = 32
/** Bits per character. Words joined to one name stay below 4, 32 characters of chance are above. */
const MIN_ENTROPY_BITS = 4
/** Stretches of digits: a name has one or two (`usCentral1Project2024`), chance has many. */
const MIN_DIGIT_STRETCHES = 3

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Whether a whole text is what a generator of keys makes: long, in one alphabet, without any order. Texts with white
 * space, dots or colons (sentences, code, queries, URLs, scopes), UUIDs and placeholders are none.
 *
 * @param isNamedSecret whether its place is named for a secret: then hexadecimal counts too, which ids use as well
 */
export function looksRandom(text: string, isNamedSecret: boolean): boolean {
  if (text.length < MIN_RANDOM_CHARACTERS || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return false
  if (SHOWS_THE_FORM.test(text)) return false
  if (UUID.test(text)) return false
  if (/^[0-9a-f]+$/i.test(text)) {
    return (
      isNamedSecret && /\d/.test(text) && /[a-f]/i.test(text) && new Set(text).size >= MIN_DISTINCT_CHARACTERS
    )
  }
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text)
  const digits = text.match(/\d+/g)?.length ?? 0
  return isMixed && digits >= MIN_DIGIT_STRETCHES && entropyOf(text) >= MIN_ENTROPY_BITS
}

/** Bits per character (Shannon). */
function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
