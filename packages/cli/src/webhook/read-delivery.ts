import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Definition } from 'miniapp'
import { readSample, type Sample } from 'miniapp/package'
import { CliError, systemCode } from '../cli-error.ts'
import { parsedFiles, readPackage } from '../definition/read-package.ts'
import { type collect, readPairs } from '../key-value.ts'
import type { SignedApp } from './load-webhook.ts'

export interface DeliveryOptions {
  event?: string
  /** A sample, by its name in `samples/` or as a file. */
  sample?: string
  /** The body: text, or `@` and the name of a file. */
  data?: string
  header?: ReturnType<typeof collect>
  /** Gives it a new id, so that it is no repetition. */
  fresh?: boolean
}

/** A delivery before it is signed. */
export interface Unsigned {
  headers: Record<string, string>
  query: Record<string, string>
  rawBody: Uint8Array
  /** What it was made from, in words. */
  from: string
}

const UTF8 = new TextEncoder()

/** What `fetch` and the connection write themselves. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

/** @throws CliError where the options name nothing, or more than one thing */
export async function readDelivery(
  app: SignedApp,
  options: DeliveryOptions,
  directory: string,
): Promise<Unsigned> {
  const unsigned = await chosen(app, options, directory)
  const added = readPairs(options.header ?? [], { option: '--header', example: 'X-Topic=orders/create' })
  const headers = Object.fromEntries(
    Object.entries({ ...unsigned.headers, ...added }).filter(
      ([name]) => !OF_THE_CONNECTION.has(name.toLowerCase()),
    ),
  )
  const fresh = options.fresh ? freshHeaders(app.compiled.definition) : {}
  return { ...unsigned, headers: withHeaders(headers, fresh) }
}

/** Header names are compared in lower case: the later one replaces the earlier. */
export function withHeaders(
  headers: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
): Record<string, string> {
  const replaced = new Set(Object.keys(others).map((name) => name.toLowerCase()))
  const kept = Object.entries(headers).filter(([name]) => !replaced.has(name.toLowerCase()))
  return { ...Object.fromEntries(kept), ...others }
}

async function chosen(app: SignedApp, options: DeliveryOptions, directory: string): Promise<Unsigned> {
  const { event, sample, data } = options
  const samples = await readSamples(app, directory)
  if (data !== undefined) {
    const body = await bytesOf(data, directory)
    const like = event === undefined && sample === undefined ? undefined : find(app, samples, options)
    const headers = like?.headers ?? { 'Content-Type': contentTypeOf(body) }
    return {
      headers,
      query: like?.query ?? {},
      rawBody: body,
      from: data.startsWith('@') ? data.slice(1) : '--data',
    }
  }
  if (sample !== undefined && !samples.some((one) => isNamed(one, sample))) {
    return ofSample(await readSampleFile(sample, directory))
  }
  const found = find(app, samples, options)
  if (found) return ofSample(found)
  return ofTrigger(app, samples, event)
}

const isNamed = ({ file }: Sample, name: string): boolean =>
  [
    file,
    file.slice(file.indexOf('/') + 1),
    file.slice(file.indexOf('/') + 1).replace(/\.json$/, ''),
  ].includes(name)

function find({ compiled }: SignedApp, samples: readonly Sample[], { event, sample }: DeliveryOptions) {
  if (sample !== undefined) return samples.find((one) => isNamed(one, sample))
  if (event !== undefined) return samples.find((one) => one.event === event)
  if (samples.length === 1) return samples[0]
  const events = [...samples.map((one) => one.event), ...eventsWithSample(compiled.definition)]
  throw noSuch(events, compiled.ns)
}

const eventsWithSample = ({ triggers = [] }: Definition): string[] =>
  triggers.filter((trigger) => trigger.sample !== undefined).map(({ event }) => event)

function noSuch(events: readonly string[], ns: string, event?: string): CliError {
  const names = [...new Set(events)]
  const which = event === undefined ? 'Which event?' : `There is no sample of "${event}".`
  if (names.length === 0) {
    return new CliError('usage', `"${ns}" has no samples, and no trigger with a \`sample\`.`, {
      next: ['Give the body with --data @FILE, or save one: miniapps webhook listen'],
    })
  }
  return new CliError('usage', `${which} "${ns}" has samples of ${names.join(', ')}.`, {
    next: [`For example --event ${names[0]}`],
  })
}

/** The `sample` of a trigger is a body; the event may stand in a header that only a sample has. */
function ofTrigger({ compiled }: SignedApp, samples: readonly Sample[], event: string | undefined): Unsigned {
  const { definition, ns } = compiled
  const trigger = definition.triggers?.find((one) => one.event === event)
  if (trigger?.sample === undefined) {
    throw noSuch([...samples.map((one) => one.event), ...eventsWithSample(definition)], ns, event)
  }
  return {
    headers: { 'Content-Type': 'application/json' },
    query: {},
    rawBody: UTF8.encode(JSON.stringify(trigger.sample)),
    from: `the sample of the trigger ${trigger.event}`,
  }
}

/** A body that is no text is JSON. */
export function ofSample({ file, headers = {}, query = {}, body }: Sample): Unsigned {
  const rawBody = UTF8.encode(typeof body === 'string' ? body : JSON.stringify(body))
  const type = { 'Content-Type': contentTypeOf(rawBody) }
  return { headers: withHeaders(type, headers), query, rawBody, from: file }
}

function contentTypeOf(body: Uint8Array): string {
  try {
    JSON.parse(new TextDecoder().decode(body))
    return 'application/json'
  } catch {
    return 'text/plain; charset=utf-8'
  }
}

/** The samples of a package that have the form of one; an app on a server has none. @throws CliError where a file cannot be read */
export async function readSamples({ source }: SignedApp, directory: string): Promise<Sample[]> {
  if (source === undefined) return []
  const { samples } = await readPackage(source, directory)
  return parsedFiles(samples).flatMap((file) => readSample(file).value ?? [])
}

async function readSampleFile(name: string, directory: string): Promise<Sample> {
  const text = new TextDecoder().decode(await bytesOf(`@${name}`, directory))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new CliError('unreadable', `${name} is not JSON.`, { cause })
  }
  const { value: sample, findings } = readSample({ file: name, value })
  if (sample) return sample
  throw new CliError('unreadable', `${name} is no sample: ${findings[0]?.message ?? 'its shape is wrong.'}`)
}

async function bytesOf(data: string, directory: string): Promise<Uint8Array> {
  if (!data.startsWith('@')) return UTF8.encode(data)
  const name = data.slice(1)
  try {
    return await readFile(resolve(directory, name))
  } catch (cause) {
    const reason = systemCode(cause) === 'ENOENT' ? 'there is no such file' : systemCode(cause)
    throw new CliError('unreadable', `${name} cannot be read (${reason}).`, { cause })
  }
}

/** New values for the headers that tell repetitions. @throws CliError where only the body tells them */
function freshHeaders({ ns, webhook }: Definition): Record<string, string> {
  const { paths = [], path } = webhook?.transactionId ?? {}
  const parts = [...paths, ...(path === undefined ? [] : [path])]
  const headers = parts.flatMap((part) =>
    typeof part === 'object' && part.source === 'header' ? [part.path] : [],
  )
  if (headers.length > 0) return Object.fromEntries(headers.map((name) => [name, randomUUID()]))
  if (parts.length === 0) return {}
  throw new CliError(
    'usage',
    `--fresh cannot make a new id for "${ns}": its transaction id is read from the body.`,
    { next: ['Change the body: --data @FILE with the headers of --event.'] },
  )
}
