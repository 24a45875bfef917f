/** Secrets that come as they are: a token in a header, or user name and password. They sign nothing. */
import { joinBytes } from '../request/join-bytes.ts'
import { compareSignatures } from './compare-signatures.ts'
import { decodeBytes } from './decode-bytes.ts'
import { isSame } from './digest.ts'
import { findSecret, type SecretBags, secretNotFound } from './find-secret.ts'
import { malformed, timestampMissing } from './hmac-scheme.ts'
import { compileHeader } from './read-header.ts'
import { requiredSecret } from './required-secret.ts'
import type { Scheme, Signed, SignedDelivery, UnsignedDelivery, Verification } from './scheme.ts'
import { headerMissing } from './signed-payload.ts'
import { DEFAULT_TOLERANCE_SECONDS, epochSeconds, refuseTime } from './signing-time.ts'
import { type Refused, refused, type Verdict } from './verdict.ts'

/** Nothing is checked. */
export function compileNone(): Scheme {
  return {
    secretKeys: [],
    verify: () => ({ ok: true }),
    sign: ({ url }) => ({ url, headers: {} }),
  }
}

export function compileHeaderToken(verification: Verification): Scheme {
  const { headerName = '', secretKey = '', prefix = '' } = verification
  const readHeader = compileHeader(headerName)
  const refuseAge = compileAge(verification)
  const words = { signature: 'the same', header: headerName }
  return {
    header: headerName.toLowerCase(),
    secretKeys: [secretKey],
    verify: (delivery, secrets) => {
      const header = readHeader(delivery.headers)
      if (header === undefined) return headerMissing(headerName)
      if (!header.startsWith(prefix)) return malformed(headerName, 'the `prefix` of the definition')
      const late = refuseAge(delivery)
      if (late) return late
      const token = joinBytes([header.slice(prefix.length)])
      return compareSignatures({ secrets, key: secretKey }, [token], (secret) => secret, words)
    },
    sign: (delivery, secrets) =>
      signedWith(delivery, { [headerName]: prefix + requiredSecret(secrets, secretKey) }, verification),
  }
}

const AUTHORIZATION = 'Authorization'
const BASIC = /^Basic +(\S+)$/i

/** RFC 7617. */
export function compileBasic(verification: Verification): Scheme {
  const { headerName = AUTHORIZATION, basic } = verification
  const { usernameKey = '', passwordKey = '' } = basic ?? {}
  const readHeader = compileHeader(headerName)
  const refuseAge = compileAge(verification)
  return {
    header: headerName.toLowerCase(),
    secretKeys: [usernameKey, passwordKey],
    verify: (delivery, secrets) => {
      const header = readHeader(delivery.headers)
      if (header === undefined) return headerMissing(headerName)
      const given = decodeBytes(BASIC.exec(header)?.[1] ?? '', 'base64')
      if (given === undefined) return malformed(headerName, '`Basic` and user name and password in base64')
      return refuseAge(delivery) ?? compareUser(given, secrets, { usernameKey, passwordKey, headerName })
    },
    sign: (delivery, secrets) => {
      const user = `${requiredSecret(secrets, usernameKey)}:${requiredSecret(secrets, passwordKey)}`
      const encoded = btoa(String.fromCharCode(...joinBytes([user])))
      return signedWith(delivery, { [headerName]: `Basic ${encoded}` }, verification)
    },
  }
}

function compareUser(
  given: Uint8Array,
  secrets: SecretBags,
  names: { usernameKey: string; passwordKey: string; headerName: string },
): Verdict {
  const username = findSecret(secrets, names.usernameKey)
  if (username === undefined) return secretNotFound(names.usernameKey)
  const password = findSecret(secrets, names.passwordKey)
  if (password === undefined) return secretNotFound(names.passwordKey)
  let verdict: Verdict | undefined
  for (const user of username.candidates) {
    for (const pass of password.candidates) {
      if (isSame(`${user.value}:${pass.value}`, given)) verdict ??= { ok: true, secret: pass.origin }
    }
  }
  return (
    verdict ??
    refused(
      'signature-differs',
      `User name and password in \`${names.headerName}\` are not ${username.words()} and ${password.words()}.`,
    )
  )
}

/** These schemes need no time of signing; where the definition names its header, it is looked at (5.2). */
function compileAge({
  timestampHeader,
  toleranceSeconds = DEFAULT_TOLERANCE_SECONDS,
}: Verification): (delivery: SignedDelivery) => Refused | undefined {
  if (timestampHeader === undefined) return () => undefined
  const read = compileHeader(timestampHeader)
  return ({ headers, now }) => {
    const timestamp = read(headers)
    if (timestamp === undefined) return timestampMissing(`the header \`${timestampHeader}\``)
    return refuseTime(timestamp, { now, toleranceSeconds })
  }
}

function signedWith(
  { url, now }: UnsignedDelivery,
  headers: Record<string, string>,
  { timestampHeader }: Verification,
): Signed {
  const time = timestampHeader === undefined ? {} : { [timestampHeader]: epochSeconds(now) }
  return { url, headers: { ...time, ...headers } }
}
