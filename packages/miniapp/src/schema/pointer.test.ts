import { expect, test } from 'vitest'
import { pointerSegments, toPointer, under } from './pointer.ts'

test.each([
  ['the root', [], ''],
  ['names and indexes', ['actions', 0, 'name'], '/actions/0/name'],
  ['slashes and tildes', ['a/b', '~1'], '/a~1b/~01'],
  ['the empty name', [''], '/'],
])('%s', (_, path, pointer) => {
  expect(toPointer(path)).toBe(pointer)
  expect(pointerSegments(pointer)).toEqual(path.map(String))
})

test('a child is named below its parent', () => {
  expect(under('/sync', 'handlers', 'a/b')).toBe('/sync/handlers/a~1b')
})
