import { expect, it } from 'vitest'
import { definitionWith } from '../test/definition.ts'
import { diffDefinitions } from './diff.ts'
import { checkVersionBump } from './version-bump.ts'

const step = { url: 'https://acme.example/ping', method: 'GET' as const, mapping: {} }
const action = { name: 'ping', title: 'Ping', requests: [step] }
const without = definitionWith({})
const withAction = definitionWith({ actions: [action] })

it.each([
  ['1.0.0', '1.1.0', 'version-bump-too-small', 'error', '2.0.0'],
  ['0.1.0', '0.1.1', 'version-bump-too-small', 'error', '0.2.0'],
  ['1.0.0', '1.0.0', 'version-not-raised', 'error', '2.0.0'],
])('a removed action from %s to %s is %s', (before, after, ...[code, severity, requiredVersion]) => {
  const fault = checkVersionBump(before, after, diffDefinitions(withAction, without))
  expect(fault).toMatchObject({ code, severity, requiredVersion })
})

it('an addition under a patch number is a warning', () => {
  const diff = diffDefinitions(without, withAction)
  expect(checkVersionBump('1.0.0', '1.0.1', diff)).toEqual({
    code: 'version-bump-too-small',
    severity: 'warning',
    requiredVersion: '1.1.0',
    says: 'does not announce 2 additive changes since 1.0.0',
  })
  expect(checkVersionBump('0.1.0', '0.1.1', diff)).toBeUndefined()
})

it('nothing is wrong where the number says enough, or nothing changed', () => {
  expect(checkVersionBump('1.0.0', '2.0.0', diffDefinitions(withAction, without))).toBeUndefined()
  expect(checkVersionBump('1.0.0', '1.0.0', diffDefinitions(without, without))).toBeUndefined()
  expect(checkVersionBump('1.1.0', '1.0.0', diffDefinitions(without, without))).toMatchObject({
    code: 'version-not-raised',
    requiredVersion: '1.1.1',
  })
})
