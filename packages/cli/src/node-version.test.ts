import { expect, it } from 'vitest'
import { isOldNode, oldNodeMessage } from './node-version.ts'

it.each([
  ['18.20.4', true],
  ['20.20.2', true],
  ['22.18.9', true],
  ['22.19.0', false],
  ['22.20.0', false],
  ['24.0.0', false],
  ['24.1.0-nightly', false],
])('Node %s is too old: %s', (version, old) => {
  expect(isOldNode(version)).toBe(old)
})

it('says in one line what is needed and what is there', () => {
  expect(oldNodeMessage('20.20.2')).toMatch(
    /^miniapps needs Node \S+ or newer, and this is Node 20\.20\.2\. .*\n$/,
  )
})
