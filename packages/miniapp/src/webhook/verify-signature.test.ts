import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DefinitionError } from '../expression/definition-error.ts'
import type { SecretBags } from './find-secret.ts'
import type { Signed, Verification, VerificationType, VerifyEffects } from './scheme.ts'
import { REFUSAL_CODES, type Verdict } from './verdict.ts'
import { type CompiledVerification, compileVerification } from './verify-signature.ts'

interface SignatureCase {
  name: string
  now?: number
  verification: Verification
  secrets: Record<string, string>
  body: string
  headers: Record<string, string>
  expect: 'pass' | 'fail'
}

const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/signatures.json', import.meta.url), 'utf8'),
) as { cases: SignatureCase[] }

const UTF8 = new TextEncoder()
const bytes = (text: string) => UTF8.encode(text)

describe('signatures.json', () => {
  it.each(vectors.cases)('$name', async ({ now = 1700000000, verification, secrets, ...given }) => {
    const verdict = await compileVerification({ verification }).verify(
      { headers: given.headers, rawBody: bytes(given.body), url: '', now: now * 1000 },
      { credentials: secrets },
    )
    expect(verdict.ok ? 'pass' : 'fail').toBe(given.expect)
  })
})

const ed25519 = generateKeyPairSync('ed25519')
const otherEd25519 = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = ({ privateKey }: { privateKey: typeof rsa.privateKey }) =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const rawKey = Uint8Array.from(ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))
const hex = (key: Uint8Array) => [...key].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const jwks = { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'a' }] }

const NOW = Date.UTC(2026, 0, 1)
const URL_CALLED = 'https://acme.example.com/miniapps/shop/webhooks?a=1'
const STANDARD = (text: string) => `whsec_${btoa(text)}`

/** One case a type, and two where it can be used in two ways. */
interface TypeCase {
  type: VerificationType
  verification: Verification
  /** Values of the secrets, and of another workspace. */
  own: Record<string, string>
  other: Record<string, string>
  /** What the provider signs with, and what another signs with, where that is no shared secret. */
  privateKey?: string
  otherPrivateKey?: string
  /** Nothing in it covers the body. */
  signsNoBody?: boolean
  /** Nothing in it covers the time. */
  signsNoTime?: boolean
  contentType?: string
}

const own = { s: 'right secret', u: 'user' }
const other = { s: 'other secret', u: 'user' }

const CASES: Record<string, TypeCase> = {
  'hmac-sha256': {
    type: 'hmac-sha256',
    verification: { type: 'hmac-sha256', headerName: 'X-Sig', secretKey: 's' },
    own,
    other,
    signsNoTime: true,
  },
  'hmac-sha1': {
    type: 'hmac-sha1',
    verification: { type: 'hmac-sha1', headerName: 'X-Hub-Signature', secretKey: 's', encoding: 'base64' },
    own,
    other,
    signsNoTime: true,
  },
  'hmac-sha512 with all parts': {
    type: 'hmac-sha512',
    verification: {
      type: 'hmac-sha512',
      headerName: 'X-Sig',
      secretKey: 's',
      encoding: 'base64url',
      prefix: 'v2=',
      idHeader: 'X-Id',
      timestampHeader: 'X-Time',
      signedPayload: '{id}.{timestamp}.{url}.{header:X-Id}.{body}',
    },
    own,
    other,
  },
  'hmac-sha256 with the time in its header': {
    type: 'hmac-sha256',
    verification: {
      type: 'hmac-sha256',
      headerName: 'X-Sig',
      secretKey: 's',
      signedPayload: '{timestamp}.{body}',
    },
    own,
    other,
  },
  'header-token': {
    type: 'header-token',
    verification: { type: 'header-token', headerName: 'X-Token', secretKey: 's', prefix: 'Token ' },
    own,
    other,
    signsNoBody: true,
    signsNoTime: true,
  },
  basic: {
    type: 'basic',
    verification: { type: 'basic', basic: { usernameKey: 'u', passwordKey: 's' } },
    own,
    other,
    signsNoBody: true,
    signsNoTime: true,
  },
  'jwt with a secret': {
    type: 'jwt',
    verification: {
      type: 'jwt',
      jwt: { algorithms: ['HS256'], secretKey: 's', issuer: 'shop', audience: 'us' },
    },
    own,
    other,
    signsNoBody: true,
  },
  'jwt with public keys': {
    type: 'jwt',
    verification: {
      type: 'jwt',
      headerName: 'X-Token',
      jwt: { algorithms: ['RS256'], jwksUrl: 'https://shop.example/keys' },
    },
    own: {},
    other: {},
    privateKey: pem(rsa),
    otherPrivateKey: pem(otherRsa),
    signsNoBody: true,
  },
  ed25519: {
    type: 'ed25519',
    verification: {
      type: 'ed25519',
      headerName: 'X-Signature-Ed25519',
      timestampHeader: 'X-Signature-Timestamp',
      ed25519: { publicKey: hex(rawKey), signedPayload: '{timestamp}{body}' },
    },
    own: {},
    other: {},
    privateKey: pem(ed25519),
    otherPrivateKey: pem(otherEd25519),
  },
  'standard-webhooks': {
    type: 'standard-webhooks',
    verification: { type: 'standard-webhooks', secretKey: 's' },
    own: { s: STANDARD('right secret') },
    other: { s: STANDARD('other secret') },
  },
  stripe: { type: 'stripe', verification: { type: 'stripe', secretKey: 's' }, own, other },
  slack: { type: 'slack', verification: { type: 'slack', secretKey: 's' }, own, other },
  'slack as the public example has it': {
    type: 'slack',
    verification: { type: 'hmac-sha256', headerName: 'X-Slack-Signature', secretKey: 's' },
    own,
    other,
  },
  twilio: {
    type: 'twilio',
    verification: { type: 'twilio', secretKey: 's' },
    own,
    other,
    signsNoTime: true,
  },
  'twilio with a form': {
    type: 'twilio',
    verification: { type: 'twilio', secretKey: 's' },
    own,
    other,
    signsNoTime: true,
    contentType: 'application/x-www-form-urlencoded',
  },
}

const JSON_BODY = '{"event":"order.created","data":{"id":12345678901234567890,"name":"طلب"}}'
const RESERIALISED = '{"event":"order.created","data":{"id":12345678901234567000,"name":"طلب"}}'
const effects: VerifyEffects = { publicKeys: async () => jwks }

interface Delivered {
  compiled: CompiledVerification
  signed: Signed
  /** Name of the header with the proof, as it is spelt. */
  name: string
  verify(change?: {
    headers?: Record<string, string>
    body?: string
    secrets?: SecretBags
    now?: number
    effects?: VerifyEffects
  }): Promise<Verdict>
}

async function deliver(one: TypeCase, signedWith = one.own, key = one.privateKey): Promise<Delivered> {
  const compiled = compileVerification({ verification: one.verification })
  const isForm = one.contentType !== undefined
  const body = isForm ? 'b=2&a=1' : JSON_BODY
  const headers = { 'content-type': one.contentType ?? 'application/json' }
  const delivery = { headers, rawBody: bytes(body), url: URL_CALLED, now: NOW, id: 'msg_1' }
  const signed = await compiled.sign(
    delivery,
    { credentials: signedWith },
    key === undefined ? {} : { privateKey: key },
  )
  const name = Object.keys(signed.headers).find((header) => header.toLowerCase() === compiled.header) ?? ''
  return {
    compiled,
    signed,
    name,
    verify: async (change = {}) =>
      compiled.verify(
        {
          headers: { ...headers, ...(change.headers ?? signed.headers) },
          rawBody: bytes(change.body ?? body),
          url: signed.url,
          now: change.now ?? NOW,
        },
        change.secrets ?? { credentials: one.own },
        change.effects ?? effects,
      ),
  }
}

it('has a case for every type but none', () => {
  const types = new Set(Object.values(CASES).map(({ verification }) => verification.type))
  const needed: VerificationType[] = [
    'hmac-sha256',
    'hmac-sha1',
    'hmac-sha512',
    'header-token',
    'basic',
    'jwt',
    'ed25519',
    'standard-webhooks',
    'stripe',
    'slack',
    'twilio',
  ]
  expect([...types].sort()).toEqual(needed.sort())
})

describe.each(Object.entries(CASES))('%s', (_name, one) => {
  const proof = async () => {
    const delivered = await deliver(one)
    const value = delivered.signed.headers[delivered.name] ?? ''
    const withProof = (changed: string) => ({
      headers: { ...delivered.signed.headers, [delivered.name]: changed },
    })
    return { ...delivered, value, withProof }
  }

  it('accepts what the provider signs, whatever the case of the header names', async () => {
    const { compiled, signed, verify } = await proof()
    expect(compiled.type).toBe(one.type)
    expect(await verify()).toMatchObject({ ok: true })
    const shouted = Object.entries(signed.headers).map(([name, value]) => [name.toUpperCase(), value])
    expect(await verify({ headers: Object.fromEntries(shouted) })).toMatchObject({ ok: true })
  })

  it('refuses a delivery without the header', async () => {
    const { verify } = await proof()
    expect(await verify({ headers: {} })).toMatchObject({ ok: false, code: 'header-missing' })
  })

  it('refuses a header that is empty, garbage, cut short, too long, or holds two signatures', async () => {
    const { verify, value, withProof } = await proof()
    const wrong = [
      '',
      ' ',
      'garbage',
      '\u0000',
      '=',
      ',',
      `${value}, ${value}`,
      `${value},${value}`,
      value.slice(0, -4),
      `${value}AAAA`,
    ]
    for (const changed of wrong)
      expect(await verify(withProof(changed)), changed).toMatchObject({ ok: false })
  })

  it('refuses the signature in another encoding, and without its prefix', async () => {
    const { verify, value, withProof } = await proof()
    const text = value.replace(/^(?:\w{1,8}=|v1,|Token |Basic |Bearer |t=\d+,v1=)/, '')
    const again = btoa(text)
    for (const changed of [value.replace(text, again), value.replace(text, [...text].reverse().join(''))])
      expect(await verify(withProof(changed)), changed).toMatchObject({ ok: false })
    const { prefix } = one.verification
    if (prefix !== undefined)
      expect(await verify(withProof(text))).toMatchObject({ code: 'signature-malformed' })
  })

  it("refuses what another workspace's secret, or another key, signs", async () => {
    const { verify } = await deliver(one, one.other, one.otherPrivateKey)
    const verdict = await verify()
    expect(verdict).toMatchObject({ ok: false, code: 'signature-differs' })
  })

  it.skipIf(one.signsNoBody)('refuses another body, even one that means the same', async () => {
    const { verify } = await proof()
    for (const body of [RESERIALISED, `${JSON_BODY} `, '', 'a=1&b=3'])
      expect(await verify({ body })).toMatchObject({ ok: false, code: 'signature-differs' })
  })

  it.skipIf(one.signsNoTime)(
    'refuses a delivery that is replayed later, or was signed in the future',
    async () => {
      const { verify } = await proof()
      const late = one.type === 'jwt' ? 601 : 301
      expect(await verify({ now: NOW + late * 1000 })).toMatchObject({ code: 'timestamp-out-of-tolerance' })
      expect(await verify({ now: NOW + (late - 1) * 1000 - 500 })).toMatchObject({ ok: true })
      if (one.type !== 'jwt')
        expect(await verify({ now: NOW - 301_000 })).toMatchObject({ code: 'timestamp-out-of-tolerance' })
    },
  )

  const keys = Object.keys(one.own).filter((key) => key !== 'u' || one.type === 'basic')
  it.skipIf(keys.length === 0)('refuses where the secret is unknown or empty', async () => {
    const { compiled, signed, verify } = await proof()
    for (const key of keys) {
      for (const value of [undefined, '', '  ', null, {}, true]) {
        const secrets = { credentials: { ...one.own, [key]: value } }
        expect(await verify({ secrets })).toMatchObject({ ok: false, code: 'secret-not-found' })
        expect(compiled.canVerify(signed.headers, secrets)).toBe(false)
      }
    }
    expect(compiled.canVerify(signed.headers, { credentials: one.own })).toBe(true)
    expect(compiled.canVerify({}, { credentials: one.own })).toBe(false)
  })

  it.skipIf(keys.length === 0)('looks for the secret in the credentials, then in app config', async () => {
    const { verify } = await proof()
    const empty = Object.fromEntries(keys.map((key) => [key, '']))
    expect(await verify({ secrets: { credentials: empty, override: empty, config: one.own } })).toMatchObject(
      {
        ok: true,
        secret: { bag: 'config' },
      },
    )
    expect(await verify({ secrets: { override: one.own, config: one.other } })).toMatchObject({ ok: true })
    const shadowed = await verify({ secrets: { credentials: one.other, override: one.own } })
    expect(shadowed).toMatchObject({ ok: false, code: 'signature-differs' })
  })

  it.skipIf(keys.length === 0)('accepts the previous secret of the same bag and of no other', async () => {
    const { verify } = await proof()
    const previous = { sPrevious: one.own['s'] }
    expect(await verify({ secrets: { credentials: { ...one.other, ...previous } } })).toMatchObject({
      ok: true,
      secret: { key: 's', bag: 'credentials', isPrevious: true },
    })
    expect(await verify({ secrets: { credentials: one.other, override: previous } })).toMatchObject({
      ok: false,
    })
    expect(await verify({ secrets: { credentials: previous } })).toMatchObject({ ok: false })
  })

  it('says why in a sentence that holds neither secret nor signature', async () => {
    const { verify, value, withProof } = await proof()
    const foreign = await deliver(one, one.other, one.otherPrivateKey)
    const verdicts = await Promise.all([
      verify({ body: RESERIALISED }),
      verify(withProof(value.slice(0, -4))),
      verify({ secrets: {} }),
      foreign.verify(),
      verify({ secrets: { credentials: { ...one.other, sPrevious: 'older' } } }),
    ])
    for (const verdict of verdicts) {
      if (verdict.ok) continue
      expect(Object.keys(REFUSAL_CODES)).toContain(verdict.code)
      expect(verdict.reason).toMatch(/^[A-Z`].*[^.]\.$/)
      for (const secret of [...Object.values({ ...one.own, ...one.other }), value.slice(-20), 'older'])
        expect(verdict.reason.replaceAll('User name', '').replaceAll('user name', '')).not.toContain(
          secret === 'user' ? 'user:' : secret,
        )
    }
    if (keys.length > 0) expect(JSON.stringify(verdicts[3])).toContain('of the credentials of the install')
  })

  it('never throws, whatever comes', async () => {
    const { compiled, name } = await proof()
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('t=1,v1=', 'v1,', 'Basic =', 'a.b.c', 'eyJhbGciOiJub25lIn0..'),
    )
    const names = fc.constantFrom(
      name,
      name.toLowerCase(),
      'webhook-id',
      'x-time',
      'content-type',
      '__proto__',
      'constructor',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(names, header)),
        fc.uint8Array(),
        fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })),
        fc.dictionary(fc.constantFrom('s', 'u', 'sPrevious'), fc.anything()),
        async (headers, rawBody, url, credentials) => {
          const delivery = { headers: Object.fromEntries(headers), rawBody, url, now: NOW }
          const verdict = await compiled.verify(delivery, { credentials }, effects)
          expect(verdict.ok).toBe(false)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('no verification', () => {
  it.each([undefined, null, {}, { verification: { type: 'none' as const } }])(
    '%j accepts all',
    async (webhook) => {
      const { type, header, verify, canVerify } = compileVerification(webhook)
      expect({ type, header }).toEqual({ type: 'none', header: undefined })
      expect(await verify({ headers: {}, rawBody: bytes('x'), url: '', now: 0 }, {})).toEqual({ ok: true })
      expect(canVerify({}, {})).toBe(false)
    },
  )
})

describe('a time of signing', () => {
  const verify = (timestamp: string, toleranceSeconds?: number) => {
    const verification: Verification = {
      type: 'hmac-sha256',
      headerName: 'X-Sig',
      secretKey: 's',
      timestampHeader: 'X-Time',
      ...(toleranceSeconds !== undefined && { toleranceSeconds }),
    }
    const compiled = compileVerification({ verification })
    const delivery = { headers: {}, rawBody: bytes('x'), url: '', now: NOW }
    const { headers } = compiled.sign({ ...delivery, id: '' }, { credentials: own }) as Signed
    return compiled.verify(
      { ...delivery, headers: { ...headers, 'X-Time': timestamp } },
      { credentials: own },
    ) as Verdict
  }

  it.each(['1767225600', '1767225600000', '2026-01-01T00:00:00Z', '2026-01-01T03:00:00+03:00'])(
    'may be %s',
    (time) => expect(verify(time)).toMatchObject({ ok: true }),
  )

  it.each(['', 'yesterday', '12', 'NaN', '2026-13-01T00:00:00Z', '1767225600,1767225600'])(
    'may not be "%s"',
    (time) => expect(verify(time)).toMatchObject({ code: 'timestamp-malformed' }),
  )

  it('is refused beyond the tolerance of the definition', () => {
    expect(verify('1767225540', 60)).toMatchObject({ ok: true })
    expect(verify('1767225539', 60)).toMatchObject({
      code: 'timestamp-out-of-tolerance',
      reason:
        'The delivery was signed 61 seconds ago, and at most 60 are allowed: it is replayed, or a clock is wrong.',
    })
  })
})

describe('public keys', () => {
  const jwt = CASES['jwt with public keys'] as TypeCase
  it('are fetched anew, once, where the token names a key that is not among them', async () => {
    const { verify } = await deliver(jwt)
    const asked: boolean[] = []
    const rotated: VerifyEffects = {
      publicKeys: async (url, { refresh }) => {
        expect(url).toBe('https://shop.example/keys')
        asked.push(refresh)
        return refresh ? jwks : { keys: [] }
      },
    }
    expect(await verify({ effects: rotated })).toEqual({ ok: true })
    expect(asked).toEqual([false, true])
    const never = { publicKeys: async () => ({ keys: [] }) }
    expect(await verify({ effects: never })).toMatchObject({ code: 'signature-differs' })
  })

  it('are tried one after the other where several could be meant', async () => {
    const { verify } = await deliver(jwt)
    const two = [otherRsa, rsa].map(({ publicKey }) => publicKey.export({ format: 'jwk' }))
    expect(await verify({ effects: { publicKeys: async () => ({ keys: two }) } })).toEqual({ ok: true })
    const wrong = [otherRsa, otherRsa].map(({ publicKey }) => publicKey.export({ format: 'jwk' }))
    expect(await verify({ effects: { publicKeys: async () => ({ keys: wrong }) } })).toMatchObject({
      code: 'signature-differs',
    })
  })

  it.each<[string, () => Promise<unknown>]>([
    ['cannot be fetched', () => Promise.reject(new Error('offline'))],
    ['are no key set', async () => 'html'],
    ['are nothing', async () => undefined],
  ])('that %s refuse the delivery and say that it may come again', async (_name, publicKeys) => {
    const { verify } = await deliver(jwt)
    expect(await verify({ effects: { publicKeys } })).toMatchObject({ code: 'keys-unavailable' })
  })

  it('are never the secret of an HMAC', async () => {
    const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const forged = await deliver(CASES['jwt with a secret'] as TypeCase, { s: publicPem })
    const token = { 'X-Token': forged.signed.headers[forged.name] ?? '' }
    const { verify } = await deliver(jwt)
    expect(await verify({ headers: token })).toMatchObject({ code: 'signature-malformed' })
    expect(await forged.verify({ secrets: { credentials: { s: publicPem } } })).toMatchObject({
      code: 'secret-unusable',
    })
  })

  it('of Ed25519 may be hex, base64 or a key in the form of RFC 8410', async () => {
    const spki = ed25519.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    for (const publicKey of [btoa(String.fromCharCode(...rawKey)), spki]) {
      const one = CASES['ed25519'] as TypeCase
      const verification = { ...one.verification, ed25519: { ...one.verification.ed25519, publicKey } }
      const { verify } = await deliver({ ...one, verification })
      expect(await verify()).toEqual({ ok: true })
    }
  })
})

it('says which claim of a token is another', async () => {
  const one = CASES['jwt with a secret'] as TypeCase
  const { signed } = await deliver(one)
  const jwt = { algorithms: ['HS256'], secretKey: 's', issuer: 'elsewhere' }
  const { verify } = compileVerification({ verification: { type: 'jwt', jwt } })
  const delivery = { headers: signed.headers, rawBody: bytes(''), url: '', now: NOW }
  expect(await verify(delivery, { credentials: own })).toMatchObject({
    code: 'claim-differs',
    reason: 'The claim `iss` of the token is missing or another than the definition wants.',
  })
})

it('refuses a secret that cannot be one of Standard Webhooks, also where it is only the prefix', async () => {
  const one = CASES['standard-webhooks'] as TypeCase
  const { verify } = await deliver(one)
  for (const s of ['whsec_', 'whsec_!!', 'not base64!'])
    expect(await verify({ secrets: { credentials: { s } } })).toMatchObject({ code: 'secret-unusable' })
})

it.each<[string, Verification, string]>([
  [
    'an unknown part',
    { type: 'hmac-sha256', headerName: 'X', secretKey: 's', signedPayload: '{Body}' },
    '/webhook/verification/signedPayload',
  ],
  [
    'an id without a header',
    { type: 'hmac-sha256', headerName: 'X', secretKey: 's', signedPayload: '{id}{body}' },
    '/webhook/verification/signedPayload',
  ],
  [
    'a public key that is none',
    { type: 'ed25519', headerName: 'X', ed25519: { publicKey: 'abcd' } },
    '/webhook/verification/ed25519/publicKey',
  ],
])('cannot be compiled with %s', (_name, verification, pointer) => {
  const compile = () => compileVerification({ verification })
  expect(compile).toThrow(DefinitionError)
  expect(compile).toThrow(expect.objectContaining({ pointer }))
})

describe('comparing secrets and signatures', () => {
  const folder = new URL('.', import.meta.url)
  const sources = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }))

  it('happens in one place, in constant time', () => {
    const timing = sources.filter(({ text }) => text.includes('timingSafeEqual')).map(({ file }) => file)
    expect(timing).toEqual(['digest.ts'])
  })

  it('never happens with an operator: what is compared with one is a literal, a constant or a length', () => {
    const harmless =
      /(?:[!=]==) (?:undefined|null|'[^']*'|\d+|[A-Z][A-Z_]+)(?![\w.])|length [!=]== (?:bytes|right\.length)/g
    const compares = (line: string) =>
      /[!=]==?(?!>)|\.equals\(|localeCompare|Object\.is\(/.test(line.replaceAll(harmless, ''))
    const wrong = sources
      .filter(({ file }) => /scheme|signature|secret|digest/.test(file))
      .flatMap(({ file, text }) => text.split('\n').map((line) => ({ file, line: line.trim() })))
      .filter(
        ({ line }) =>
          !/^(?:\*|\/)/.test(line) &&
          compares(line.replaceAll(/=>|[<>]=/g, '').replaceAll(/([^!=])=([^=])/g, '$1$2')),
      )
      .map(({ file, line }) => `${file}: ${line}`)
    expect(wrong).toEqual([])
    expect(compares('if (expected === signature) return')).toBe(true)
  })
})
