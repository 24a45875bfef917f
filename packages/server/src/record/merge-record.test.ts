import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COMPLETE, type MergeEvent, mergeEvent, type RecordState, UNKNOWN_RECORD } from './merge-record.ts'
import { columnsOf, type StoredRecord, stateOf } from './record-row.ts'

const event = (operation: MergeEvent['operation'], at: number | undefined, fields = {}): MergeEvent => ({
  operation,
  at,
  customerId: undefined,
  said: new Map(Object.entries(fields).map(([name, value]) => [`data.${name}`, value])),
})

function after(events: readonly MergeEvent[], from: RecordState = UNKNOWN_RECORD): RecordState {
  return events.reduce((state, one) => mergeEvent(state, one) ?? state, from)
}

/** Through the columns of its row and back, as between two transactions. */
function stored(state: RecordState): RecordState {
  const columns = columnsOf(state)
  return stateOf({ ...columns, customerId: null } as StoredRecord)
}

const dataAfter = (events: readonly MergeEvent[]) => columnsOf(after(events)).data

describe('an event with a time', () => {
  it('does not overwrite what a newer one said, and still tells what that one left open', () => {
    const events = [
      event('update', 20, { status: 'shipped' }),
      event('create', 10, { status: 'new', note: 'x' }),
    ]
    expect(dataAfter(events)).toEqual({ status: 'shipped', note: 'x' })
  })

  it('of the same time as another one stands, because it came later', () => {
    expect(dataAfter([event('upsert', 10, { a: 1 }), event('upsert', 10, { a: 2 })])).toEqual({ a: 2 })
  })

  it('leaves fields alone that it does not say, and clears those that it says are null', () => {
    expect(dataAfter([event('create', 1, { a: 1, b: 2 }), event('update', 2, { b: null })])).toEqual({
      a: 1,
      b: null,
    })
  })

  it('that says nothing new about an older time is stale', () => {
    const state = after([event('upsert', 20, { a: 1 })])
    expect(mergeEvent(state, event('update', 10, { a: 2 }))).toBeUndefined()
  })
})

describe('a deletion', () => {
  it('is not undone by an older event, nor by one of its own time', () => {
    const state = after([event('create', 10, { a: 1 }), event('delete', 20)])
    expect(mergeEvent(state, event('upsert', 20, { a: 2 }))).toBeUndefined()
    expect(mergeEvent(state, event('upsert', 15, { a: 2 }))).toBeUndefined()
    expect(after([event('upsert', 21, { b: 1 })], state)).toMatchObject({ deleted: false })
  })

  it('of what is not known yet keeps it from being made by what came before', () => {
    const state = after([event('delete', 20)])
    expect(state.deleted).toBe(true)
    expect(mergeEvent(state, event('create', 10, { a: 1 }))).toBeUndefined()
  })

  it('forgets what was said before it', () => {
    expect(
      dataAfter([event('create', 10, { a: 1 }), event('delete', 20), event('create', 30, { b: 1 })]),
    ).toEqual({ b: 1 })
  })

  it('without a time counts from the newest word on; only create and upsert bring the record back without one', () => {
    const state = after([event('create', 10, { a: 1 }), event('delete', undefined)])
    expect(mergeEvent(state, event('upsert', 10, { a: 1 }))).toBeUndefined()
    expect(mergeEvent(state, event('update', undefined, { a: 1 }))).toBeUndefined()
    expect(columnsOf(after([event('create', undefined, { a: 3 })], state))).toMatchObject({
      deleted: false,
      data: { a: 3 },
    })
  })
})

describe('an update of what is not known', () => {
  it('makes a partial record, which a create completes whenever it arrives', () => {
    const state = after([event('update', 20, { a: 1 })])
    expect(columnsOf(state).partial).toBe(true)
    const whole = after([event('create', 10, { b: 1 })], state)
    expect(columnsOf(whole)).toMatchObject({ partial: false, data: { a: 1, b: 1 } })
    expect(whole.parts.get(COMPLETE)?.at).toBe(10)
  })
})

/** Each with a time of its own. */
const timedEvents = fc
  .uniqueArray(
    fc.record({
      at: fc.integer({ min: 1, max: 30 }),
      operation: fc.constantFrom('create', 'update', 'upsert', 'delete' as const),
      fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(null, 1, 'x'), {
        noNullPrototype: true,
      }),
    }),
    { selector: ({ at }) => at, minLength: 1, maxLength: 6 },
  )
  .map((list) => list.map(({ at, operation, fields }) => event(operation, at, fields)))

describe('events with times', () => {
  it('end in the same state in every order', () => {
    fc.assert(
      fc.property(
        timedEvents.chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }),
          ),
        ),
        ([events, shuffled]) => {
          const inOrder = [...events].sort((one, other) => Number(one.at) - Number(other.at))
          expect(columnsOf(after(shuffled))).toEqual(columnsOf(after(inOrder)))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('end in the same state whether the record was stored in between or not', () => {
    fc.assert(
      fc.property(timedEvents, (events) => {
        const withRows = events.reduce(
          (state, one) => stored(mergeEvent(state, one) ?? state),
          UNKNOWN_RECORD,
        )
        expect(columnsOf(withRows)).toEqual(columnsOf(after(events)))
      }),
      { numRuns: 1_000 },
    )
  })

  it('change nothing when they are delivered again', () => {
    fc.assert(
      fc.property(timedEvents, (events) => {
        const once = after(events)
        expect(columnsOf(after(events, once))).toEqual(columnsOf(once))
      }),
      { numRuns: 1_000 },
    )
  })
})
