import { expect, test } from 'vitest'
import { createBrokenPlaces } from './broken-places.ts'

const places = createBrokenPlaces(['/auth/form', '/actions/1'])

test.each([
  ['the broken place', '/auth/form', { isIntact: false, isLost: true, isBroken: true }],
  ['what is below it', '/auth/form/key', { isIntact: false, isLost: true, isBroken: false }],
  ['what is above it', '/auth', { isIntact: false, isLost: false, isBroken: false }],
  ['a neighbour', '/actions/0', { isIntact: true, isLost: false, isBroken: false }],
  ['a longer name', '/auth/formula', { isIntact: true, isLost: false, isBroken: false }],
  ['the document', '', { isIntact: false, isLost: false, isBroken: false }],
])('%s', (_, pointer, expected) => {
  const { isIntact, isLost, isBroken } = places
  expect({ isIntact: isIntact(pointer), isLost: isLost(pointer), isBroken: isBroken(pointer) }).toEqual(
    expected,
  )
})

test('where the document itself is broken, nothing is intact', () => {
  expect(createBrokenPlaces(['']).isIntact('/auth')).toBe(false)
})

test('where nothing is broken, everything is intact', () => {
  expect(createBrokenPlaces([]).isIntact('')).toBe(true)
})
