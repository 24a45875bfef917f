/** Each scheme against what its provider, or the specification behind it, has published. */
import { describe, expect, it } from 'vitest'
import type { Verification } from './scheme.ts'
import { compileVerification } from './verify-signature.ts'

interface Published {
  /** Where the values are from. */
  source: string
  verification: Verification
  secret?: string
  body: string | Uint8Array
  headers: Record<string, string>
  url?: string
  /** Seconds since the epoch. */
  now?: number
  /** What `jwksUrl` answers. */
  keys?: unknown
}

const TWILIO_URL = 'https://mycompany.com/myapp.php?foo=1&bar=2'
const TWILIO_FORM =
  'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212'
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const twilio = (signature: string, more: Partial<Published> = {}): Omit<Published, 'source'> => ({
  verification: { type: 'twilio', secretKey: 's' },
  secret: '12345',
  body: TWILIO_FORM,
  url: TWILIO_URL,
  ...more,
  headers: { 'X-Twilio-Signature': signature, ...(more.headers ?? form) },
})
const TWILIO_SDK = 'twilio-php, tests/Twilio/Unit/Security/RequestValidatorTest.php'

const PUBLISHED: Record<string, Published> = {
  GitHub: {
    source: 'https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries',
    verification: { type: 'hmac-sha256', headerName: 'X-Hub-Signature-256', secretKey: 's' },
    secret: "It's a Secret to Everybody",
    body: 'Hello, World!',
    headers: {
      'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
  },
  Slack: {
    source: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
    verification: { type: 'slack', secretKey: 's' },
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    now: 1531420618,
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    headers: {
      'X-Slack-Request-Timestamp': '1531420618',
      'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
  },
  'Standard Webhooks': {
    source: 'standard-webhooks, libraries/javascript/src/index.test.ts',
    verification: { type: 'standard-webhooks', secretKey: 's' },
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    now: 1614265330,
    body: '{"test": 2432232314}',
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  },
  'Standard Webhooks under the names of Svix, with a signature that does not fit': {
    source: 'https://docs.svix.com/receiving/verifying-payloads/how-manual',
    verification: {
      type: 'standard-webhooks',
      secretKey: 's',
      headerName: 'svix-signature',
      idHeader: 'svix-id',
      timestampHeader: 'svix-timestamp',
    },
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    now: 1614265330,
    body: '{"test": 2432232314}',
    headers: {
      'svix-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'svix-timestamp': '1614265330',
      'svix-signature':
        'v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v2,MzJsNDk4MzI0K2VvdSMjMTEjQEBAQDEyMzMzMzEyMwo= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  },
  Twilio: {
    source: `https://www.twilio.com/docs/usage/security and ${TWILIO_SDK}`,
    ...twilio('RSOYDt4T1cUTdK1PDd93/VVr8B8='),
  },
  'Twilio, fields that repeat': {
    source: TWILIO_SDK,
    ...twilio('IK+Dwps556ElfBT0I3Rgjkr1wJU=', {
      body: 'Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234',
    }),
  },
  'Twilio, JSON': {
    source: TWILIO_SDK,
    ...twilio('a9nBmqA0ju/hNViExpshrM61xv4=', {
      url: `${TWILIO_URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620`,
      body: '{"property": "value", "boolean": true}',
      headers: { 'content-type': 'application/json' },
    }),
  },
  'Twilio, signed without the port': {
    source: TWILIO_SDK,
    ...twilio('RSOYDt4T1cUTdK1PDd93/VVr8B8=', { url: TWILIO_URL.replace('.com', '.com:1234') }),
  },
  'Twilio, signed with the port of https': {
    source: TWILIO_SDK,
    ...twilio('kvajT1Ptam85bY51eRf/AJRuM3w='),
  },
  'Twilio, signed with the port of http': {
    source: TWILIO_SDK,
    ...twilio('0ZXoZLH/DfblKGATFgpif+LLRf4=', { url: TWILIO_URL.replace('https', 'http') }),
  },
  'Twilio, user and port': {
    source: TWILIO_SDK,
    ...twilio('ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=', {
      url: TWILIO_URL.replace('mycompany', 'user:pass@mycompany'),
    }),
  },
  Ed25519: {
    source: 'RFC 8032, section 7.1, test 3',
    verification: {
      type: 'ed25519',
      headerName: 'X-Signature-Ed25519',
      ed25519: { publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025' },
    },
    body: Uint8Array.of(0xaf, 0x82),
    headers: {
      'X-Signature-Ed25519':
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    },
  },
  'JWT, HS256': {
    source: 'https://jwt.io, the example token',
    verification: { type: 'jwt', jwt: { algorithms: ['HS256'], secretKey: 's' } },
    secret: 'your-256-bit-secret',
    body: '',
    headers: {
      Authorization:
        'Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
    },
  },
  'JWT, RS256': {
    source: 'RFC 7515, appendix A.2',
    verification: {
      type: 'jwt',
      jwt: { algorithms: ['RS256'], jwksUrl: 'https://example.com/keys', issuer: 'joe' },
    },
    now: 1300819380,
    body: '',
    headers: {
      authorization:
        'Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw',
    },
    keys: {
      keys: [
        {
          kty: 'RSA',
          n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
          e: 'AQAB',
        },
      ],
    },
  },
  Basic: {
    source: 'RFC 7617, section 2',
    verification: { type: 'basic', basic: { usernameKey: 'user', passwordKey: 's' } },
    secret: 'open sesame',
    body: '',
    headers: { Authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' },
  },
}

/** Stripe and Shopify publish code, not values: these were made with `openssl dgst -hmac`. */
const COMPUTED: Record<string, Published> = {
  'Stripe, one of two secrets': {
    source: 'openssl',
    verification: { type: 'stripe', secretKey: 's' },
    secret: 'whsec_c2VjcmV0',
    now: 1700000100,
    body: '{"id":"evt_1","object":"event","type":"invoice.paid"}',
    headers: {
      'Stripe-Signature':
        't=1700000000,v1=217906b98213bcc0c8648c58214fbefbffa20972c328beb998ca5ba136e8e4ec,v1=c381e86030bf054bc6680f8e5e73ee2a6bf5ee09aa0050c6b0da03516dd9fd75,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39',
    },
  },
  'HMAC-SHA512': {
    source: 'openssl',
    verification: { type: 'hmac-sha512', headerName: 'X-Sig', secretKey: 's' },
    secret: 'k',
    body: '{"event":"x"}',
    headers: {
      'X-Sig':
        'sha512=babf147eed8ba7464b67770ef624fad2a3fa660860b160158293c073df4a32676eab6a3dbc143b19f618a3dc280cdb8ec14a5dd22e04a50a334e20ad421eba16',
    },
  },
}

const UTF8 = new TextEncoder()

async function verify({ verification, secret, body, headers, url = '', now = 0, keys }: Published) {
  return compileVerification({ verification }).verify(
    { headers, rawBody: typeof body === 'string' ? UTF8.encode(body) : body, url, now: now * 1000 },
    { credentials: { s: secret, user: 'Aladdin' } },
    { publicKeys: async () => keys },
  )
}

describe.each(Object.entries({ ...PUBLISHED, ...COMPUTED }))('%s', (_name, published) => {
  it(`is accepted as in ${published.source}`, async () => {
    expect(await verify(published)).toMatchObject({ ok: true })
  })

  it('is refused where one bit of what proves it is another', async () => {
    const { header = '' } = compileVerification({ verification: published.verification })
    const name = Object.keys(published.headers).find((one) => one.toLowerCase() === header) ?? ''
    const value = published.headers[name] ?? ''
    const at = value.length - 8
    const changed = value.slice(0, at) + (value[at] === '1' ? '2' : '1') + value.slice(at + 1)
    const own = published.verification.type === 'stripe' ? changed.replace(/v1=[^,]+,v1=./, 'v1=0') : changed
    expect(await verify({ ...published, headers: { ...published.headers, [name]: own } })).toMatchObject({
      ok: false,
    })
  })
})

it('refuses a Twilio body that nothing signs', async () => {
  const published = { ...twilio('RSOYDt4T1cUTdK1PDd93/VVr8B8='), source: TWILIO_SDK }
  const body = '{"property": "value", "boolean": true}'
  const headers = { ...published.headers, 'content-type': 'application/json' }
  expect(await verify({ ...published, body, headers })).toMatchObject({ code: 'signature-malformed' })
})
