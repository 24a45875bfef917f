import { styleText } from 'node:util'

const STYLES = {
  strong: 'bold',
  faint: 'dim',
  good: 'green',
  bad: 'red',
  doubtful: 'yellow',
  place: 'cyan',
} as const

/** Gives text a meaning that a terminal shows as colour. */
export type Paint = Record<keyof typeof STYLES, (text: string) => string>

const names = Object.keys(STYLES) as (keyof typeof STYLES)[]

/** @param colour `false`: every text stays as it is */
export function createPaint(colour: boolean): Paint {
  const painter = (name: keyof typeof STYLES) => (text: string) =>
    colour && text !== '' ? styleText(STYLES[name], text, { validateStream: false }) : text
  return Object.fromEntries(names.map((name) => [name, painter(name)])) as Paint
}

/** Colour only on a terminal, never where NO_COLOR is set to anything (no-color.org) or the terminal is dumb. */
export function wantsColour(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  return isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}
