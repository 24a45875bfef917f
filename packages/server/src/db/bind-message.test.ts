import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import pg from 'pg'
import { expect, it } from 'vitest'
import { type Bind, bindMessage } from './bind-message.ts'
import { BytePieces } from './byte-pieces.ts'

/** As the driver maps what is no text; texts reach it as they are. */
const valueMapper: Bind['valueMapper'] = (value) =>
  value === null || value === undefined || Buffer.isBuffer(value) ? value : String(value)

/** What the driver itself writes. */
function driverMessage(bind: Bind): Buffer {
  const stream = new PassThrough()
  const connection = new pg.Connection({ stream } as never) as unknown as { bind(bind: Bind): void }
  connection.bind(bind)
  return stream.read() as Buffer
}

const ownMessage = (bind: Bind) => Buffer.concat(bindMessage(bind))

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'binary-ascii', maxLength: 80 }),
  // Halves of pairs, which have no UTF-8 form.
  fc.constantFrom('', '\ud800', 'a\udfffb', 'ü'.repeat(48), '€'.repeat(49), 'x'.repeat(100_000)),
)
const value = fc.oneof(
  text,
  fc.constantFrom(null, undefined, true, 0, -7.5, 2n ** 63n, Buffer.alloc(0), Buffer.alloc(70_000, 1)),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
)
const bind = fc.record({
  portal: fc.constantFrom(undefined, '', 'portal'),
  statement: fc.constantFrom(undefined, '', 'statement', 'zürich'),
  values: fc.array(value, { maxLength: 40 }),
  valueMapper: fc.constant(valueMapper),
})

it('is what the driver would write, byte for byte', () => {
  fc.assert(
    fc.property(bind, (one) => {
      expect(ownMessage(one).equals(driverMessage(one))).toBe(true)
    }),
  )
})

it('holds more parameters than a signed number of 16 bits counts', () => {
  const most = { values: Array.from({ length: 65_535 }, (_, index) => String(index)), valueMapper }
  expect(ownMessage(most).equals(driverMessage(most))).toBe(true)
})

it('holds pieces as one value, among others', () => {
  const pieces = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')]
  const values = (bytes: unknown) => ['before', bytes, null, bytes, 'zürich']
  const whole = { values: values(Buffer.concat(pieces)), valueMapper }
  expect(ownMessage({ values: values(new BytePieces(pieces)), valueMapper })).toEqual(driverMessage(whole))
})

it('never copies pieces', () => {
  const pieces = [Buffer.from('one'), Buffer.from('two')]
  const parts = bindMessage({ values: [new BytePieces(pieces)], valueMapper })
  for (const piece of pieces) expect(parts.some((part) => part === piece)).toBe(true)
})
