/** What happens to a delivery until it is answered (specification 5.1). */
import { type ParsedBody, parseBody, type SignedDelivery } from 'miniapp/webhook'
import { type AddressedRequest, isPlatformAddress } from '../account/address.ts'
import { whenLoaded } from '../cache.ts'
import type { Context } from '../context.ts'
import { storable, storableText } from '../db/text.ts'
import { uuidTime, uuidv7 } from '../db/uuid.ts'
import { acceptEvent } from './accept.ts'
import { decodeDelivery } from './decode-delivery.ts'
import { findMerchant, findMerchantApp, type MerchantApp } from './merchant.ts'
import { publicKeysOf } from './public-keys.ts'
import { findReceiver, type Receiver, secretsOf } from './receiver.ts'
import { countRejection } from './reject.ts'
import { BUSY, MALFORMED, NOT_FOUND, type Reply, TOO_LARGE, UNAUTHORIZED } from './reply.ts'
import type { NewEvent } from './store.ts'

/** A request to the address of an app, as it came. */
export interface Delivery extends SignedDelivery {
  ns: string
  method: string
  query: Readonly<Record<string, string>>
  addressed: AddressedRequest
}

/** @throws the error of the database where it cannot be asked or cannot keep the delivery */
export async function receive(context: Context, delivery: Delivery): Promise<Reply> {
  const checked = await check(context, delivery)
  if ('status' in checked) return checked
  // What was parsed is not held while the database writes.
  const { outcome } = await acceptEvent(context, checked.event)
  return outcome === 'busy' ? BUSY : checked.response
}

/** A delivery that is to be kept, and what is answered then. */
interface Checked {
  event: NewEvent
  response: Reply
}

/** What memory knows is not waited for: to await it would cost each of thousands of deliveries a second as many turns. */
async function check(context: Context, delivery: Delivery): Promise<Reply | Checked> {
  const found = findAddressee(context, delivery)
  const addressee = found instanceof Promise ? await found : found
  if (addressee === undefined) return NOT_FOUND
  const decoding = decodeDelivery(delivery, context.config.maxWebhookBytes)
  const decoded = decoding instanceof Promise ? await decoding : decoding
  if (decoded === 'too-large') return TOO_LARGE
  const parsed: ParsedBody = decoded.ok ? parseBody(decoded) : decoded
  if (!parsed.ok)
    return refuse(context, { addressee, delivery, code: 'body-malformed', reason: parsed.reason })

  const { webhook } = addressee
  const known = 'live' in addressee ? secretsOf(context, addressee.live) : addressee.secrets
  const secrets = known instanceof Promise ? await known : known
  const read = { ...delivery, body: parsed.body }
  const effects = { publicKeys: publicKeysOf(context, delivery.ns) }
  const handshake = webhook.matchChallenge(read, secrets, effects)
  const challenge = handshake instanceof Promise ? await handshake : handshake
  if (challenge?.refused) return refuse(context, { addressee, delivery, ...challenge.refused })
  if (challenge !== undefined) return challenge
  if (delivery.method !== 'POST') return NOT_FOUND
  const verifying = webhook.verification.verify(delivery, secrets, effects)
  const verdict = verifying instanceof Promise ? await verifying : verifying
  if (!verdict.ok) return refuse(context, { addressee, delivery, ...verdict })
  const receiver = 'live' in addressee ? addressee : await findMerchant(context, addressee, parsed.body)
  if (receiver === undefined) return webhook.response
  return {
    event: eventOf(context, receiver, { read, note: parsed.note }),
    response: receiver.webhook.response,
  }
}

type Addressee = Receiver | MerchantApp

function findAddressee(
  context: Context,
  { addressed, ns }: Delivery,
): Addressee | undefined | Promise<Addressee | undefined> {
  const app = isPlatformAddress(context.config, addressed) ? findMerchantApp(context, ns) : undefined
  return whenLoaded<MerchantApp | undefined, Addressee | undefined>(
    app,
    (known) => known ?? findReceiver(context, addressed, ns),
  )
}

/** The version of the workspace reads what the version of the app has verified. */
function eventOf(
  context: Context,
  { workspaceId, webhook }: Receiver,
  { read, note }: { read: Delivery & { body: unknown }; note: string | undefined },
): NewEvent {
  const event = webhook.eventOf(read)
  const transaction = webhook.transactionId?.idOf(read, event)
  const id = uuidv7(context.now())
  return {
    workspaceId,
    id,
    createdAt: uuidTime(id),
    ns: read.ns,
    event: fit(event),
    transactionId:
      transaction === undefined || transaction.from === 'generate' ? undefined : fit(transaction.id),
    windowMs: (webhook.transactionId?.windowSeconds ?? 0) * 1000,
    orderingKey: fit(webhook.orderingKeyOf(read.body, event)),
    headers: storable(webhook.storedHeaders(read.headers)).value,
    body: read.rawBody,
    note,
    again: 0,
  }
}

/** What a forger chooses may hold what no text column takes. */
function fit(text: string | undefined): string | undefined {
  return text === undefined ? undefined : storableText(text)
}

interface Refusal {
  addressee: Addressee
  delivery: Delivery
  code: string
  reason: string
}

async function refuse(context: Context, { addressee, delivery, code, reason }: Refusal): Promise<Reply> {
  await countRejection(context, {
    workspaceId: 'live' in addressee ? addressee.workspaceId : undefined,
    ns: delivery.ns,
    code,
    reason,
    headerNames: Object.keys(delivery.headers),
  })
  if (code === 'body-malformed') return MALFORMED(reason)
  return code === 'keys-unavailable' ? BUSY : UNAUTHORIZED
}
