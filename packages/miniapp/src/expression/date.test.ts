import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toIsoDate, zoneOffset } from './date.ts'

describe('toIsoDate', () => {
  const cases: [value: string | number, expected: string | undefined][] = [
    [1_700_000_000, '2023-11-14T22:13:20.000Z'],
    [1_700_000_000_123, '2023-11-14T22:13:20.123Z'],
    [1_700_000_000.5, '2023-11-14T22:13:20.500Z'],
    [99_999_999_999, '5138-11-16T09:46:39.000Z'],
    [100_000_000_000, '1973-03-03T09:46:40.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.000Z'],
    [8.64e15, '+275760-09-13T00:00:00.000Z'],
    [8.64e15 + 1, undefined],
    ['1700000000', '2023-11-14T22:13:20.000Z'],
    ['1700000000123', '2023-11-14T22:13:20.123Z'],
    ['1700000000.000100', '2023-11-14T22:13:20.000Z'],
    ['2023-11-14', '2023-11-14T00:00:00.000Z'],
    ['20231114', '2023-11-14T00:00:00.000Z'],
    ['2023-11-14T22:13:20Z', '2023-11-14T22:13:20.000Z'],
    ['2023-11-14t22:13:20z', '2023-11-14T22:13:20.000Z'],
    ['2023-11-14 22:13:20', '2023-11-14T22:13:20.000Z'],
    ['2023-11-14 22:13:20 +0300', '2023-11-14T19:13:20.000Z'],
    ['2023-11-14T22:13', '2023-11-14T22:13:00.000Z'],
    ['2023-11-14T22:13:20.1239Z', '2023-11-14T22:13:20.123Z'],
    ['2023-11-14T22:13:20,5+05:30', '2023-11-14T16:43:20.500Z'],
    ['2023-11-14T22:13:20-08', '2023-11-15T06:13:20.000Z'],
    ['20231114T221320Z', '2023-11-14T22:13:20.000Z'],
    ['2023-12-31T24:00:00Z', '2024-01-01T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    [' 2023-11-14 ', '2023-11-14T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2023-02-29', undefined],
    ['2023-13-01', undefined],
    ['2023-00-10', undefined],
    ['2023-11-00', undefined],
    ['2023-11-14T25:00', undefined],
    ['2023-11-14T24:01', undefined],
    ['2023-11-14T22:60', undefined],
    ['2023-1114', undefined],
    ['2023', undefined],
    ['14.11.2023', undefined],
    ['Tue, 14 Nov 2023 22:13:20 GMT', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ]
  it.each(cases)('%j → %s', (value, expected) => {
    expect(toIsoDate(value)).toBe(expected)
  })

  const local: [timezone: string, time: string, expected: string][] = [
    ['Asia/Riyadh', '2024-03-13T12:00:00', '2024-03-13T09:00:00.000Z'],
    ['Asia/Riyadh', '2024-03-13', '2024-03-12T21:00:00.000Z'],
    ['Asia/Riyadh', '2024-03-13T12:00:00Z', '2024-03-13T12:00:00.000Z'],
    ['+05:30', '2024-03-13T12:00:00', '2024-03-13T06:30:00.000Z'],
    ['-0800', '2024-03-13T12:00:00', '2024-03-13T20:00:00.000Z'],
    ['Europe/Berlin', '2024-01-15T12:00:00', '2024-01-15T11:00:00.000Z'],
    ['Europe/Berlin', '2024-07-15T12:00:00', '2024-07-15T10:00:00.000Z'],
    ['Europe/Berlin', '2024-03-31T01:59:59', '2024-03-31T00:59:59.000Z'],
    ['Europe/Berlin', '2024-03-31T02:30:00', '2024-03-31T01:30:00.000Z'],
    ['Europe/Berlin', '2024-03-31T03:00:00', '2024-03-31T01:00:00.000Z'],
    ['Europe/Berlin', '2024-10-27T02:30:00', '2024-10-27T00:30:00.000Z'],
    ['Europe/Berlin', '2024-10-27T03:00:00', '2024-10-27T02:00:00.000Z'],
    ['America/New_York', '2024-11-03T00:30:00', '2024-11-03T04:30:00.000Z'],
    ['Asia/Kathmandu', '2024-03-13T12:00:00', '2024-03-13T06:15:00.000Z'],
  ]
  it.each(local)('in %s, %s is %s', (timezone, time, expected) => {
    expect(toIsoDate(time, zoneOffset(timezone))).toBe(expected)
  })

  it('gives back every instant that it wrote', () => {
    const instants = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(instants, (date) => {
        expect(toIsoDate(date.toISOString())).toBe(date.toISOString())
        if (Math.abs(date.getTime()) >= 1e11) expect(toIsoDate(date.getTime())).toBe(date.toISOString())
      }),
    )
  })
})

describe('zoneOffset', () => {
  it.each(['Nowhere/City', '', '+3', 'x'])('knows no zone %j', (timezone) => {
    expect(zoneOffset(timezone)).toBeUndefined()
  })
})
