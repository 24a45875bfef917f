import { z } from 'zod'
import { branch, isRecord, isText } from './branch.ts'
import { fieldRules } from './mapping.ts'
import { filledText, headerName, pathText, textLike, webUrl } from './text.ts'

/** Seconds. A signature older than a day protects nothing. */
const MAX_TOLERANCE_SECONDS = 86_400

/** 32 bytes, alone or in the form of RFC 8410 (44 bytes). */
const ED25519_KEY = /^(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{88}|[A-Za-z0-9+/_-]{43}=?|[A-Za-z0-9+/_-]{59}=?)$/

const VERIFICATION_TYPES = [
  'hmac-sha256',
  'hmac-sha1',
  'hmac-sha512',
  'header-token',
  'none',
  'basic',
  'jwt',
  'ed25519',
  'standard-webhooks',
  'stripe',
  'slack',
  'twilio',
] as const

const signedPayload = () =>
  z
    .string()
    .optional()
    .describe(
      'What is signed, as a template: `{body}` (default), `{timestamp}`, `{id}`, `{url}`, `{header:Name}`.',
    )

/** What each type cannot do without. The presets know the header of their own scheme. */
const NEEDED = {
  'hmac-sha256': ['headerName', 'secretKey'],
  'hmac-sha1': ['headerName', 'secretKey'],
  'hmac-sha512': ['headerName', 'secretKey'],
  'header-token': ['headerName', 'secretKey'],
  none: [],
  basic: ['basic'],
  jwt: ['jwt'],
  ed25519: ['ed25519', 'headerName'],
  'standard-webhooks': ['secretKey'],
  stripe: ['secretKey'],
  slack: ['secretKey'],
  twilio: ['secretKey'],
} as const satisfies Record<(typeof VERIFICATION_TYPES)[number], readonly string[]>

const verification = z
  .strictObject({
    type: z.enum(VERIFICATION_TYPES).describe('How a delivery proves that it comes from the provider.'),
    headerName: headerName().optional().describe('Header that carries the signature or token.'),
    secretKey: filledText()
      .optional()
      .describe('Name of the secret: in the credentials of the install, then in the app config.'),
    encoding: z
      .enum(['hex', 'base64', 'base64url'])
      .optional()
      .describe('Encoding of the signature; default `hex`.'),
    timestampHeader: headerName().optional().describe('Header that carries the time of signing.'),
    toleranceSeconds: z
      .int()
      .min(1)
      .max(MAX_TOLERANCE_SECONDS)
      .optional()
      .describe('Seconds by which the time of signing may differ from now; default 300.'),
    signedPayload: signedPayload(),
    prefix: z.string().optional().describe('Text before the signature, such as `v0=`; it must be there.'),
    idHeader: headerName().optional().describe('Header that carries the id of the delivery, for `{id}`.'),
    basic: z
      .strictObject({
        usernameKey: filledText().describe('Name of the value that holds the user name.'),
        passwordKey: filledText().describe('Name of the value that holds the password.'),
      })
      .optional()
      .describe('With `type: "basic"`: where user name and password are found.'),
    jwt: z
      .strictObject({
        algorithms: z
          .array(
            textLike(
              /^(HS|RS|ES|PS)(256|384|512)$|^EdDSA$/,
              'a signature algorithm such as `RS256`; `none` is never accepted',
            ),
          )
          .min(1)
          .describe('Signature algorithms that are accepted.'),
        jwksUrl: webUrl().optional().describe('Where the public keys are published.'),
        secretKey: filledText().optional().describe('Name of the shared secret, for HS algorithms.'),
        issuer: filledText().optional().describe('Value that `iss` must have.'),
        audience: filledText().optional().describe('Value that `aud` must have.'),
      })
      .optional()
      .describe('With `type: "jwt"`: how the token is checked.'),
    ed25519: z
      .strictObject({
        publicKey: textLike(ED25519_KEY, 'the 32 bytes of a public key as hex or base64').describe(
          "The provider's public key, as hex or base64.",
        ),
        signedPayload: signedPayload(),
      })
      .optional()
      .describe('With `type: "ed25519"`: how the signature is checked.'),
  })
  .superRefine((value, context) => {
    for (const name of NEEDED[value.type]) {
      if (value[name] === undefined) needs(context, [name], `\`type\` is \`${value.type}\``)
    }
    const payload = value.ed25519?.signedPayload ?? value.signedPayload
    if (value.type === 'ed25519' && payload?.includes('{timestamp}') && value.timestampHeader === undefined) {
      needs(context, ['timestampHeader'], '`signedPayload` names `{timestamp}`')
    }
    if (value.jwt && value.jwt.jwksUrl === undefined && value.jwt.secretKey === undefined) {
      needs(context, ['jwt', 'jwksUrl'], 'there is no `secretKey` either')
    }
  })

const reader = z.enum(['body', 'header', 'query'])
const part = z.strictObject({
  source: reader.describe('Where to look: `body`, `header` or `query`.'),
  path: pathText().describe('Path into the body, or the name of the header or query parameter.'),
})

const eventExtraction = z.strictObject({
  source: reader.describe('Where the name of the event is: `body`, `header` or `query`.'),
  path: pathText().describe('Path into the body, or the name of the header or query parameter.'),
  fallback: part.optional().describe('Where to look when nothing is found.'),
  compositeStrategy: z
    .strictObject({
      parts: z.array(part).min(1).describe('The parts, in order; missing ones are skipped.'),
      separator: z.string().optional().describe('What joins the parts; default `.`.'),
    })
    .optional()
    .describe('Makes the name from several parts; `path` is then ignored.'),
  map: z
    .record(z.string(), filledText())
    .optional()
    .describe("Renames the provider's topics: `orders/create` to `order.created`."),
})

const idPath = branch('a path such as `$.id` or `{ "source": "header", "path": "X-Delivery" }`', [
  { is: isText, schema: pathText() },
  { is: isRecord, schema: part },
])
const idOverride = z.strictObject({
  paths: z.array(idPath).min(1).describe('Paths of the parts; several are joined.'),
  separator: z.string().optional().describe('What joins the parts; default the outer `separator`, else `_`.'),
})
const transactionId = z
  .strictObject({
    paths: z
      .array(idPath)
      .min(1)
      .optional()
      .describe('Paths of the id; without `separator` the first non-empty value wins.'),
    path: idPath.optional().describe('Older spelling of `paths` with one element.'),
    separator: z.string().optional().describe('Joins the values of all paths into the id.'),
    fallback: z
      .literal('generate')
      .optional()
      .describe('`generate`: a delivery without id is never a duplicate.'),
    overrides: z.record(z.string(), idOverride).optional().describe('Other paths for some events, by event.'),
    windowSeconds: z
      .int()
      .min(1)
      .optional()
      .describe('Seconds for which an id is remembered; default 604800 (7 days).'),
  })
  .superRefine((value, context) => {
    if (value.path !== undefined && value.paths !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['path'],
        message: 'left out where `paths` is given',
        params: { finding: 'conflicting-properties' },
      })
    }
    if (value.path === undefined && value.paths === undefined && value.overrides === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['paths'],
        message: 'given: where the id of a delivery is',
        params: { finding: 'missing-property' },
      })
    }
  })

const scalar = branch('a text, a number or a boolean', [
  { is: isText, schema: z.string() },
  { is: (value) => typeof value === 'number', schema: z.number() },
  { is: (value) => typeof value === 'boolean', schema: z.boolean() },
])

const challengeResponse = z
  .strictObject({
    source: z
      .enum(['body', 'query'])
      .optional()
      .describe('Where the handshake is; default `body`, `query` for GET handshakes.'),
    identifyField: filledText().describe('Field that tells a handshake from an event, such as `type`.'),
    identifyValue: scalar.describe('Value of that field in a handshake, such as `url_verification`.'),
    challengePath: pathText().describe('Path of the token that is sent back.'),
    responseField: filledText()
      .optional()
      .describe('Property of the JSON answer that carries the token; absent: the bare token.'),
    verifyField: filledText()
      .optional()
      .describe('With `source: "query"`: parameter that carries the verify token.'),
    verifyKey: filledText()
      .optional()
      .describe('With `source: "query"`: name of the value that the verify token must equal.'),
  })
  .superRefine((value, context) => {
    if (value.source !== 'query') return
    for (const name of ['verifyField', 'verifyKey'] as const) {
      if (value[name] === undefined) needs(context, [name], '`source` is `query`')
    }
  })

const customerExtraction = z.strictObject({
  basePath: z.string().optional().describe('Path of the customer in the payload; absent for the root.'),
  mapping: fieldRules().describe('One rule per field of the customer, relative to `basePath`.'),
  overrides: z
    .record(
      z.string(),
      z.strictObject({
        basePath: z.string().optional().describe('Path of the customer in this event.'),
        mapping: fieldRules().optional().describe('Rules for this event.'),
      }),
    )
    .optional()
    .describe('Other paths or rules for some events, by event.'),
})

const response = z.strictObject({
  statusCode: z.int().min(200).max(299).optional().describe('HTTP status of the answer; default 200.'),
  body: z.unknown().optional().describe('JSON, or a text; default `{ "ok": true }`.'),
  headers: z
    .record(textLike(/^[Xx]-[A-Za-z0-9-]+$/, 'named with the prefix `X-`'), z.string())
    .optional()
    .describe('Headers of the answer; only names that start with `X-`.'),
})

export const webhook = z
  .strictObject({
    verification: verification.optional().describe('How a delivery is verified; absent: not at all.'),
    eventExtraction: eventExtraction.optional().describe('Where the name of the event is.'),
    transactionId: transactionId
      .optional()
      .describe('How repeated deliveries are recognised; absent: not at all.'),
    challengeResponse: challengeResponse.optional().describe("How the provider's handshake is answered."),
    customerExtraction: customerExtraction.optional().describe('Where the customer is in the payload.'),
    response: response.optional().describe('What the provider is answered.'),
    merchantExtraction: z
      .strictObject({ path: pathText().describe("Path of the value that equals the install's `uid`.") })
      .optional()
      .describe('First-party only: one URL for all workspaces.'),
    uninstallEvents: z
      .array(filledText())
      .optional()
      .describe('First-party only: events that disconnect the install.'),
    ecommerce: z.unknown().optional().describe('Deprecated: use `sync`.').meta({ deprecated: true }),
  })
  .meta({
    id: 'Webhook',
    description: 'How inbound events are verified and read.',
    examples: [
      {
        verification: {
          type: 'hmac-sha256',
          headerName: 'X-Shop-Signature',
          secretKey: 'webhookSecret',
          encoding: 'base64',
        },
        eventExtraction: {
          source: 'header',
          path: 'X-Shop-Topic',
          map: { 'orders/create': 'order.created' },
        },
        transactionId: { paths: ['$.order.id', '$.id'] },
        customerExtraction: {
          basePath: '$.order.customer',
          mapping: { code: { path: 'id', transform: 'toString' }, primaryEmail: 'email' },
        },
      },
    ],
  })

function needs(context: z.RefinementCtx, path: string[], reason: string): void {
  context.addIssue({
    code: 'custom',
    path,
    message: `given, because ${reason}`,
    params: { finding: 'missing-property' },
  })
}
