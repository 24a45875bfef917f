import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { afterInput } from './after-input.ts'

it('lets those of one turn go on together, and those of the next after them', async () => {
  const seen: string[] = []
  const wait = (name: string) => afterInput().then(() => seen.push(name))
  const first = wait('first')
  await Promise.resolve()
  const second = wait('second')
  expect(seen).toEqual([])
  setImmediate(() => seen.push('the turn after'))
  await first
  const third = wait('third')
  await second
  expect(seen).toEqual(['first', 'second'])
  await nextTurn()
  await third
  expect(seen).toEqual(['first', 'second', 'the turn after', 'third'])
})
