/** What the process ends with; stable, so that scripts can rely on it. Shown by `miniapps --help`. */
export const EXIT_CODES = {
  ok: { status: 0, summary: 'Done.' },
  failed: {
    status: 1,
    summary:
      'A definition has errors or too low a version; an action, a source or a connect failed; or a webhook was answered otherwise than it should be.',
  },
  usage: { status: 2, summary: 'The command line is not right: a command, option, argument or value.' },
  unreachable: { status: 3, summary: 'No MiniApps server answers at the address.' },
  unauthorized: { status: 4, summary: 'Not signed in, or the token or link is refused or may not do this.' },
  refused: { status: 5, summary: 'The server refused or failed the operation.' },
  unreadable: { status: 6, summary: 'A file is missing, or cannot be read or written.' },
  internal: { status: 70, summary: 'A fault of the command line itself; please report it.' },
} as const satisfies Record<string, { status: number; summary: string }>

export type ExitName = keyof typeof EXIT_CODES
