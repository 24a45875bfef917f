import { describe, expect, it } from 'vitest'
import { foldText } from './fold-text.ts'

describe('foldText', () => {
  it.each([
    ['Événements', 'evenements'],
    ['GitHub', 'github'],
    ['أتمتة', 'اتمته'],
    ['إدارةُ الطَّلبات', 'اداره الطلبات'],
    ['مـــتجر', 'متجر'],
    ['ﬁle', 'file'],
  ])('%s → %s', (text, folded) => {
    expect(foldText(text)).toBe(folded)
  })
})
