import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { beforeAll, describe, expect, test } from 'vitest'
import { compileDefinition } from '../src/compile.ts'
import { mappedKeys } from '../src/compile-auth.ts'
import type { Definition, ParameterSchema } from '../src/document.ts'
import type { ComputeCall } from '../src/expression/mapping.ts'
import { playRecording, type RunFunction } from '../src/package/play-recording.ts'
import { findPart, partName } from '../src/package/recorded-part.ts'
import { RECORDED_CREDENTIAL } from '../src/package/recorded-values.ts'
import { type PlayableRecording, RECORDED_AUTH_REQUESTS } from '../src/package/recording.ts'
import type { Sample } from '../src/package/sample.ts'
import { type CheckedPackage, checkPackage } from '../src/package/validate-package.ts'
import type { OutgoingRequest } from '../src/run/effects.ts'
import { createFunctionEngine } from '../src/run/evaluate-function.ts'
import { compileWebhook } from '../src/webhook/compile-webhook.ts'
import { EXPECTED_EVENTS, PUBLISHED_SIGNATURES } from './catalog-events.ts'
import { catalogPackages } from './read-package.ts'

/** What a header says that carries credentials: a token, or a user name and password, one of which may be empty. */
const CREDENTIAL_HEADERS = [
  RECORDED_CREDENTIAL,
  `Bearer ${RECORDED_CREDENTIAL}`,
  ...[`${RECORDED_CREDENTIAL}:${RECORDED_CREDENTIAL}`, `${RECORDED_CREDENTIAL}:`].map(
    (pair) => `Basic ${btoa(pair)}`,
  ),
]

let runFunction: RunFunction
beforeAll(async () => {
  const engine = createFunctionEngine(await newQuickJSWASMModule())
  runFunction = async (call) => engine.evaluate(call)
})

describe.each(catalogPackages())('$ns', ({ ns, definition, samples, tests }) => {
  const recordings = tests.map(({ file, value }) => ({ ...(value as PlayableRecording), file }))
  let checked: CheckedPackage
  beforeAll(async () => {
    checked = await checkPackage({ definition, samples, tests }, { runFunction, by: 'operator' })
  })

  test('is a submission without a finding', () => {
    expect(checked.findings).toEqual([])
    expect(definition.ns).toBe(ns)
  })

  test('has a recording of every action, source and auth request, and all of them were run', () => {
    const parts = [
      ...(definition.actions ?? []).map((action) => action.name),
      ...Object.keys(definition.source ?? {}),
      ...RECORDED_AUTH_REQUESTS.filter((name) => definition.auth[name]).map((name) => `auth.${name}`),
    ]
    expect([...new Set(recordings.map(partName))].sort()).toEqual(parts.sort())
    const others = checked.results.filter(({ outcome }) => outcome !== 'same')
    expect(others).toEqual([])
    expect(checked.results).toHaveLength(recordings.length)
  })

  test('gives every field of every form a title and an explanation', () => {
    for (const action of definition.actions ?? []) {
      for (const [name, field] of Object.entries(action.parameters?.properties ?? {})) {
        expect.soft(field, `${action.name}.${name}`).toMatchObject({
          title: expect.stringMatching(/^\S.{0,39}$/),
          description: expect.stringMatching(/^\S.*\S$/),
        } satisfies ParameterSchema)
      }
    }
  })

  test('names no optional field like something known of the account, which would be sent where it is empty', () => {
    const known = [...Object.keys(definition.auth.form ?? {}), ...mappedKeys(definition.auth.userDetails)]
    for (const { name, parameters } of definition.actions ?? []) {
      const optional = Object.keys(parameters?.properties ?? {}).filter(
        (field) => !parameters?.required?.includes(field),
      )
      expect
        .soft(
          optional.filter((field) => known.includes(field)),
          name,
        )
        .toEqual([])
    }
  })

  test.each(recordings)('$file is named for its part and says where its answers come from', (recording) => {
    const name = partName(recording).replaceAll('.', '\\.')
    expect(recording.file).toMatch(new RegExp(`^fixtures/${name}(\\.[a-z_]+)?\\.json$`))
    expect(recording.documentation).toMatch(/^https:\/\//)
    expect(typeof recording.verified).toBe('boolean')
  })

  test.each(recordings.filter((recording) => !isTokenRequest(recording)))(
    '$file sends the credentials of the install',
    async (recording) => {
      const compiled = compileDefinition(definition)
      const part = findPart(compiled, recording)
      const played = part && (await playRecording(compiled, part, recording, runFunction))
      for (const request of played?.requests ?? []) {
        expect(CREDENTIAL_HEADERS).toContain(credentialHeader(request))
      }
    },
  )
})

describe.each(catalogPackages().filter(({ definition }) => definition.triggers))(
  'The webhook of $ns',
  ({ ns, definition, samples }) => {
    const deliveries = samples.map(({ file, value }) => ({ ...(value as Sample), file }))
    const webhook = compileWebhook(definition)
    const expected = Object.entries(EXPECTED_EVENTS[ns] ?? {})

    test('has a sample of every trigger, and of nothing else', () => {
      const events = definition.triggers?.map(({ event }) => event) ?? []
      expect([...new Set(deliveries.map(({ event }) => event))].sort()).toEqual([...events].sort())
      expect(new Set(events).size).toBe(events.length)
    })

    test.each(deliveries)('$file is named for its event and shown with its trigger', (sample) => {
      const name = sample.event.replaceAll('.', '\\.')
      expect(sample.file).toMatch(new RegExp(`^samples/${name}(\\.[a-z_]+)?\\.json$`))
      expect(sample.documentation ?? 'https://').toMatch(/^https:\/\//)
      const shown = definition.triggers?.find(({ event }) => event === sample.event)?.sample
      const bodies = deliveries.filter(({ event }) => event === sample.event).map(({ body }) => body)
      expect(bodies).toContainEqual(shown ?? sample.body)
    })

    test.each(deliveries)('$file verifies where it is signed as the provider does', async (sample) => {
      const verification = webhook?.verification
      const header = verification?.header ?? ''
      expect(Object.keys(sample.headers ?? {}).map((name) => name.toLowerCase())).not.toContain(header)
      const secrets = { credentials: { [definition.webhook?.verification?.secretKey ?? '']: 'secret' } }
      const unsigned = { ...signedPart(sample), id: 'delivery-1' }
      const signed = await verification?.sign(unsigned, secrets)
      const delivery = { ...unsigned, headers: { ...unsigned.headers, ...signed?.headers } }
      expect(await verification?.verify(delivery, secrets)).toMatchObject({ ok: true })
      const forged = { ...delivery, rawBody: new TextEncoder().encode('{"id":1}') }
      expect(await verification?.verify(forged, secrets)).toMatchObject({ code: 'signature-differs' })
      const published = PUBLISHED_SIGNATURES[ns]?.(delivery.rawBody, 'secret', delivery.now)
      expect(signed?.headers).toEqual(published ?? signed?.headers)
    })

    test.each(deliveries)('$file names what tells it from its repetitions', (sample) => {
      const { headers = {}, query = {}, body } = sample
      const delivery = { headers, query, body, rawBody: signedPart(sample).rawBody }
      expect(webhook?.transactionId?.idOf(delivery, sample.event)).toMatchObject({ from: 'delivery' })
    })

    test.each(deliveries)('$file gives customer and record without a note', async (sample) => {
      const { customer, handler, record } = await readEvent(definition, sample)
      expect(customer?.notes ?? []).toEqual([])
      expect(record ?? { ok: true, notes: [] }).toMatchObject({ ok: true, notes: [] })
      expect(handler?.codeOf(sample.body) === undefined).toBe(handler === undefined)
    })

    test.each(expected)('%s is about whom and what it says', async (event, { customer, record }) => {
      const found = await readEvent(
        definition,
        deliveries.find((sample) => sample.event === event),
      )
      if (customer === null) expect(found.customer?.customer).toBeUndefined()
      else if (customer) expect(found.customer?.customer?.data).toMatchObject(customer)
      if (record === undefined) return
      const { operation, ...stored } = record
      expect(found.handler?.operation).toBe(operation)
      expect(found.record).toMatchObject({ record: stored })
    })
  },
)

test('The webhook of slack answers the handshake, and takes no event for one', async () => {
  const { definition, samples } = catalogPackages().find(({ ns }) => ns === 'slack') ?? { samples: [] }
  const webhook = definition && compileWebhook(definition)
  const ask = (body: unknown) => {
    const request = { ...signedPart({ body } as Sample), method: 'POST', query: {}, body }
    return webhook?.matchChallenge(request, {})
  }
  const handshake = { type: 'url_verification', token: 'not-read', challenge: '3eZbrw1aBm2rZgRNFdxV' }
  expect(await ask(handshake)).toMatchObject({ status: 200, body: '{"challenge":"3eZbrw1aBm2rZgRNFdxV"}' })
  for (const { value } of samples) expect(await ask((value as Sample).body)).toBeUndefined()
})

/** A sample as it would come over the wire. */
function signedPart({ headers = {}, body }: Sample) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const url = 'https://platform.example/webhooks'
  return { headers, rawBody: new TextEncoder().encode(text), url, now: Date.UTC(2026, 0, 2) }
}

/** What is read from a delivery after it was accepted: whom it is about, and what becomes of which record. */
async function readEvent(definition: Definition, { event, body }: Partial<Sample> = {}) {
  const webhook = compileWebhook(definition)
  const extraction = webhook?.customerOf(event)
  const customer = extraction?.extract(body, await computed(definition, extraction.computeCalls(body)))
  const handler = webhook?.handlerOf(event)
  const record = handler?.map(body, await computed(definition, handler.computeCalls(body)))
  return { customer, handler, record }
}

async function computed({ functions = {} }: Definition, calls: readonly ComputeCall[]) {
  const values = new Map<string, unknown>()
  for (const { id, fn, args } of calls) {
    const { params = [], code = '' } = functions[fn] ?? {}
    const { outcome } = await runFunction({ name: fn, params, code, args }, {})
    values.set(id, outcome.ok ? outcome.value : new Error(outcome.message))
  }
  return values
}

/** What token requests authenticate with is the app's secret, in a place of the provider's choice. */
function isTokenRequest({ auth }: PlayableRecording): boolean {
  return auth === 'get_token' || auth === 'refresh_token'
}

/** The header in which the definition sends what the install is connected with. */
function credentialHeader({ headers, credentialHeaders }: OutgoingRequest): string | undefined {
  return Object.entries(headers).find(([name]) => credentialHeaders.includes(name.toLowerCase()))?.[1]
}
