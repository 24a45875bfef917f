import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  importPKCS8,
  type JSONWebKeySet,
  type JWTVerifyOptions,
  jwtVerify,
  SignJWT,
} from 'jose'
import { joinBytes } from '../request/join-bytes.ts'
import { secretUnusable } from './compare-signatures.ts'
import { findSecret, type SecretBags, secretNotFound } from './find-secret.ts'
import { malformed } from './hmac-scheme.ts'
import { compileHeader } from './read-header.ts'
import { requiredSecret } from './required-secret.ts'
import type { Scheme, SigningKeys, UnsignedDelivery, Verification, VerifyEffects } from './scheme.ts'
import { headerMissing } from './signed-payload.ts'
import { DEFAULT_TOLERANCE_SECONDS } from './signing-time.ts'
import { type Refused, refused, type Verdict } from './verdict.ts'

type JwtSettings = NonNullable<Verification['jwt']>

/** HMAC with the shared secret; everything else with public keys. One in the place of the other would let anybody sign. */
const SHARED = /^HS(?:256|384|512)$/
const PUBLIC = /^(?:(?:RS|ES|PS)(?:256|384|512)|EdDSA)$/
const PEM = /^\s*-----BEGIN /

interface JwtScheme {
  headerName: string
  settings: JwtSettings
  shared: readonly string[]
  public: readonly string[]
  toleranceSeconds: number
}

/** RFC 7519 and RFC 8725. The token says who sends, not what: nothing in it signs the body. */
export function compileJwt(verification: Verification): Scheme {
  const { headerName = 'Authorization', prefix, jwt } = verification
  const { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = verification
  const settings: JwtSettings = jwt ?? { algorithms: [] }
  const scheme: JwtScheme = {
    headerName,
    settings,
    shared: settings.secretKey === undefined ? [] : settings.algorithms.filter((name) => SHARED.test(name)),
    public: settings.jwksUrl === undefined ? [] : settings.algorithms.filter((name) => PUBLIC.test(name)),
    toleranceSeconds,
  }
  const readHeader = compileHeader(headerName)
  return {
    header: headerName.toLowerCase(),
    secretKeys: scheme.shared.length > 0 && settings.secretKey !== undefined ? [settings.secretKey] : [],
    verify: (delivery, secrets, effects) => {
      const header = readHeader(delivery.headers)
      if (header === undefined) return headerMissing(headerName)
      const token = tokenOf(header, prefix)
      const algorithm = token && algorithmOf(token)
      if (token === undefined || algorithm === undefined) return malformed(headerName, 'a JSON Web Token')
      if (scheme.shared.includes(algorithm)) return verifyShared(scheme, token, delivery.now, secrets)
      if (scheme.public.includes(algorithm)) return verifyPublic(scheme, token, delivery.now, effects)
      return malformed(headerName, `a token that is signed by one of ${settings.algorithms.join(', ')}`)
    },
    sign: (delivery, secrets, keys) => signToken(scheme, prefix, delivery, { secrets, keys }),
  }
}

function tokenOf(header: string, prefix: string | undefined): string | undefined {
  if (prefix === undefined || prefix === '') return header.replace(/^Bearer +/i, '')
  return header.startsWith(prefix) ? header.slice(prefix.length) : undefined
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg
  } catch {
    return undefined
  }
}

async function verifyShared(
  scheme: JwtScheme,
  token: string,
  now: number,
  secrets: SecretBags,
): Promise<Verdict> {
  const key = scheme.settings.secretKey ?? ''
  const found = findSecret(secrets, key)
  if (found === undefined) return secretNotFound(key)
  if (found.candidates.some(({ value }) => PEM.test(value))) return secretUnusable(found)
  const options = checksOf(scheme, scheme.shared, now)
  let verdict: Verdict | undefined
  for (const { value, origin } of found.candidates) {
    try {
      await jwtVerify(token, joinBytes([value]), options)
      return { ok: true, secret: origin }
    } catch (error) {
      // What the key that fits says counts more than what the other one says.
      const failed = refusalOf(error, scheme, found.words())
      if (verdict === undefined || failed.code !== 'signature-differs') verdict = failed
    }
  }
  return verdict ?? secretNotFound(key)
}

async function verifyPublic(
  scheme: JwtScheme,
  token: string,
  now: number,
  effects: VerifyEffects | undefined,
): Promise<Verdict> {
  const url = scheme.settings.jwksUrl ?? ''
  const options = checksOf(scheme, scheme.public, now)
  for (const refresh of [false, true]) {
    const keys = await fetchKeys(effects, url, refresh)
    if (keys === undefined)
      return refused(
        'keys-unavailable',
        `The public keys at \`jwksUrl\` could not be had, or are no key set.`,
      )
    const verdict = await verifyWithSet(token, keys, options, scheme)
    if (verdict !== 'no-such-key') return verdict
  }
  return refused('signature-differs', 'The token names a key that is not among those at `jwksUrl`.')
}

async function fetchKeys(
  effects: VerifyEffects | undefined,
  url: string,
  refresh: boolean,
): Promise<JSONWebKeySet | undefined> {
  try {
    const keys = await effects?.publicKeys(url, { refresh })
    createLocalJWKSet(keys as JSONWebKeySet)
    return keys as JSONWebKeySet
  } catch {
    return undefined
  }
}

async function verifyWithSet(
  token: string,
  keys: JSONWebKeySet,
  options: JWTVerifyOptions,
  scheme: JwtScheme,
): Promise<Verdict | 'no-such-key'> {
  const words = 'the keys at `jwksUrl`'
  try {
    await jwtVerify(token, createLocalJWKSet(keys), options)
    return { ok: true }
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'no-such-key'
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return refusalOf(error, scheme, words)
    let verdict: Verdict = refused('signature-differs', `The token is signed by none of ${words}.`)
    for await (const key of error) {
      try {
        await jwtVerify(token, key, options)
        return { ok: true }
      } catch (failure) {
        const failed = refusalOf(failure, scheme, words)
        if (failed.code !== 'signature-differs') verdict = failed
      }
    }
    return verdict
  }
}

function checksOf(
  { settings: { issuer, audience }, toleranceSeconds }: JwtScheme,
  algorithms: readonly string[],
  now: number,
): JWTVerifyOptions {
  return {
    algorithms: [...algorithms],
    currentDate: new Date(now),
    clockTolerance: toleranceSeconds,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  }
}

function refusalOf(error: unknown, { headerName }: JwtScheme, words: string): Refused {
  if (error instanceof errors.JWTExpired)
    return refused(
      'timestamp-out-of-tolerance',
      'The token has expired: the delivery is replayed, or a clock is wrong.',
    )
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf'
      ? refused('timestamp-out-of-tolerance', 'The token is not valid yet: a clock is wrong.')
      : refused(
          'claim-differs',
          `The claim \`${error.claim}\` of the token is missing or another than the definition wants.`,
        )
  }
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused('signature-differs', `The token in \`${headerName}\` is not signed with ${words}.`)
  return malformed(headerName, `a token that can be verified with ${words}`)
}

async function signToken(
  scheme: JwtScheme,
  prefix: string | undefined,
  { now, url }: UnsignedDelivery,
  { secrets, keys }: { secrets: SecretBags; keys: SigningKeys },
): Promise<{ url: string; headers: Record<string, string> }> {
  const { settings, headerName, toleranceSeconds } = scheme
  const algorithm = scheme.shared[0] ?? scheme.public[0]
  if (algorithm === undefined) throw new Error('no algorithm of `jwt` has a key')
  const issuedAt = Math.floor(now / 1000)
  const token = new SignJWT({}).setProtectedHeader({ alg: algorithm }).setIssuedAt(issuedAt)
  token.setExpirationTime(issuedAt + toleranceSeconds)
  if (settings.issuer !== undefined) token.setIssuer(settings.issuer)
  if (settings.audience !== undefined) token.setAudience(settings.audience)
  const key = SHARED.test(algorithm)
    ? joinBytes([requiredSecret(secrets, settings.secretKey ?? '')])
    : await providerKey(keys, algorithm)
  const before = prefix || (headerName.toLowerCase() === 'authorization' ? 'Bearer ' : '')
  return { url, headers: { [headerName]: before + (await token.sign(key)) } }
}

function providerKey({ privateKey }: SigningKeys, algorithm: string) {
  if (privateKey === undefined)
    throw new Error(`signing with ${algorithm} needs the private key of the provider`)
  return importPKCS8(privateKey, algorithm)
}
