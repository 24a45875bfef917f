import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { Definition } from 'miniapp'
import type { SecretBags, SigningKeys, UnsignedDelivery } from 'miniapp/webhook'
import { verificationKeys } from '../local/credential-names.ts'

/** What is signed, and with what. */
export interface Signing {
  delivery: UnsignedDelivery
  bags: SecretBags
  keys: SigningKeys
}

/** A signed delivery, as it is sent. */
export interface SignedDelivery {
  headers: Record<string, string>
  rawBody: Uint8Array
}

interface Tampering {
  /** In the past tense: what was done to it. */
  what: string
  before?: (signing: Signing, definition: Definition) => Signing
  after?: (signed: SignedDelivery, proof: string | undefined) => SignedDelivery
}

/** Further in the past than any tolerance that makes sense. */
const STALE_MS = 7 * 24 * 60 * 60_000
const SECRET_BYTES = 24
const SPACE = 0x20

/** Ways to make a delivery that has to be refused. */
export const TAMPERINGS = {
  body: {
    what: 'a byte was added to the body after signing',
    // A space after it: the body means the same, and its bytes are others.
    after: ({ headers, rawBody }) => ({ headers, rawBody: Uint8Array.from([...rawBody, SPACE]) }),
  },
  secret: {
    what: 'it was signed with another secret',
    before: ({ delivery, keys }, definition) => ({
      delivery,
      bags: {
        credentials: Object.fromEntries(verificationKeys(definition).map((key) => [key, otherSecret()])),
      },
      keys: keys.privateKey === undefined ? {} : { privateKey: otherKey(createPrivateKey(keys.privateKey)) },
    }),
  },
  time: {
    what: 'it was signed a week ago',
    before: ({ delivery, ...signing }) => ({
      ...signing,
      delivery: { ...delivery, now: delivery.now - STALE_MS },
    }),
  },
  unsigned: {
    what: 'it was not signed',
    after: ({ headers, rawBody }, proof) => ({
      rawBody,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== proof)),
    }),
  },
} as const satisfies Record<string, Tampering>

export type TamperName = keyof typeof TAMPERINGS

export function tampering(name: TamperName | undefined): Tampering | undefined {
  return name === undefined ? undefined : TAMPERINGS[name]
}

/** Of a form that every scheme takes. */
const otherSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`

/** Another key of the same kind. */
function otherKey(key: KeyObject): string {
  const { privateKey } = pairLike(key)
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

const RSA_BITS = 2048

function pairLike({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'ed25519') return generateKeyPairSync('ed25519')
  if (asymmetricKeyType === 'ec') {
    return generateKeyPairSync('ec', { namedCurve: asymmetricKeyDetails?.namedCurve ?? 'P-256' })
  }
  return generateKeyPairSync('rsa', { modulusLength: RSA_BITS })
}
