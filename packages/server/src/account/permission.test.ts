import { describe, expect, it } from 'vitest'
import { ROLES } from '../db/schema.ts'
import {
  type Grant,
  grants,
  lackingOf,
  PERMISSIONS,
  type Permission,
  PLATFORM_PERMISSIONS,
  permissionsOf,
  ROLE_PERMISSIONS,
  WORKSPACE_PERMISSIONS,
} from './permission.ts'

const all: Grant = { allowAllPermission: true, permissions: [] }
const none: Grant = { allowAllPermission: false, permissions: [] }
const only = (...permissions: string[]): Grant => ({ allowAllPermission: false, permissions })

describe('permissions', () => {
  it('belong either to a workspace or to the platform', () => {
    expect([...WORKSPACE_PERMISSIONS, ...PLATFORM_PERMISSIONS].sort()).toEqual(
      Object.keys(PERMISSIONS).sort(),
    )
  })

  it('of every role are known, and only reviewer and operator reach beyond a workspace', () => {
    for (const role of ROLES) {
      expect(
        ROLE_PERMISSIONS[role].filter((name) => !(name in PERMISSIONS)),
        role,
      ).toEqual([])
      const beyond = ROLE_PERMISSIONS[role].some((name) =>
        (PLATFORM_PERMISSIONS as readonly Permission[]).includes(name),
      )
      expect(beyond, role).toBe(role === 'reviewer' || role === 'operator')
    }
  })

  it.each<[string, Grant, Permission, boolean]>([
    ['all permissions hold those of the workspace', all, 'manageDeveloper', true],
    ['all permissions do not hold those of the platform', all, 'operate', false],
    ['a platform permission given by name counts', { ...all, permissions: ['operate'] }, 'operate', true],
    ['a named permission counts', only('showDeveloper'), 'showDeveloper', true],
    ['a named permission brings no other', only('showDeveloper'), 'manageDeveloper', false],
    ['nothing holds nothing', none, 'showDeveloper', false],
  ])('%s', (_name, grant, permission, expected) => {
    expect(grants(grant, permission)).toBe(expected)
    expect(permissionsOf(grant).includes(permission)).toBe(expected)
  })
})

describe('lackingOf', () => {
  it.each<[string, Grant, Grant, string[]]>([
    ['a part may be handed on', all, only('showDeveloper', 'executeMiniApps'), []],
    ['nothing may be handed on by everybody', none, none, []],
    ['all may be handed on by all', all, all, []],
    ['all is more than every single one', only(...WORKSPACE_PERMISSIONS), all, ['allowAllPermission']],
    ['the platform is more than all of a workspace', all, only('operate'), ['operate']],
    ['names are lacking one by one', only('showTags'), only('showTags', 'manageTags'), ['manageTags']],
    ['an unknown name may not be handed on', all, only('toString'), ['toString']],
  ])('%s', (_name, giver, wanted, expected) => {
    expect(lackingOf(giver, wanted)).toEqual(expected)
  })
})
