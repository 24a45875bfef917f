/**
 * Every change between two versions that `diffDefinitions` can report (specification 1.2, 8.3). Codes are stable. What a
 * change means for those who use the app belongs to its code, so that nobody has to guess it from the words:
 *
 * - `breaking`: something that works stops working, or means something else, unless somebody acts.
 * - `additive`: there is more than before, and everything that was there stays.
 * - `cosmetic`: what the app offers and asks for stays: texts, and how its requests are made. A fix is of this kind.
 */
export type ChangeKind = 'breaking' | 'additive' | 'cosmetic'

export const CHANGE_CODES = {
  // Identity and listing
  'ns-changed': { kind: 'breaking', summary: 'Another `ns`: this is not the same app.' },
  'listing-changed': { kind: 'cosmetic', summary: 'Texts, pictures or prices of the marketplace.' },
  'status-changed': { kind: 'cosmetic', summary: '`status`: who sees the app in the marketplace.' },
  'text-changed': {
    kind: 'cosmetic',
    summary: 'A title, label, description or icon inside the app.',
  },
  'behaviour-changed': {
    kind: 'cosmetic',
    summary: 'How something is done changes; what it is called, takes and yields stays.',
  },

  // Connecting
  'auth-type-changed': { kind: 'breaking', summary: 'Accounts are connected in another way.' },
  'auth-type-renamed': {
    kind: 'cosmetic',
    summary: '`bearer_token` and `apikey` stand for each other: both show the same form.',
  },
  'form-field-required': {
    kind: 'breaking',
    summary: 'The connect form demands a value that it did not demand.',
  },
  'form-field-narrowed': {
    kind: 'breaking',
    summary: 'A field of the connect form no longer takes what it took.',
  },
  'form-field-type-changed': {
    kind: 'breaking',
    summary: 'The value of a connect field is of another type, or is kept in another place.',
  },
  'form-field-added': { kind: 'additive', summary: 'A connect field that may be left empty.' },
  'form-field-widened': {
    kind: 'additive',
    summary: 'A connect field takes more, or may now be left empty.',
  },
  'form-field-removed': { kind: 'cosmetic', summary: 'The connect form asks for less.' },
  'form-field-check-changed': {
    kind: 'cosmetic',
    summary: 'How a connect field is shown or checked; stored values are not checked again.',
  },
  'reconnect-needed': {
    kind: 'breaking',
    summary:
      'Connected accounts lack something that the new version needs: a value, or a scope that they never granted.',
  },
  'scope-reduced': { kind: 'cosmetic', summary: 'The app asks for fewer scopes.' },
  'app-config-needed': {
    kind: 'breaking',
    summary: 'An operator has to set a value of the app config first.',
  },
  'account-id-changed': { kind: 'breaking', summary: 'The same account gets another `uid`.' },
  'refresh-added': { kind: 'additive', summary: 'Credentials are renewed where they were not.' },
  'refresh-removed': { kind: 'breaking', summary: 'Credentials are no longer renewed when they expire.' },
  'registration-changed': {
    kind: 'breaking',
    summary: 'Accounts connected earlier stay registered at the provider in the old way.',
  },
  'secrecy-changed': { kind: 'cosmetic', summary: '`sensitiveKeys` lists other names.' },
  'host-added': { kind: 'additive', summary: 'The app contacts a further host.' },
  'host-removed': { kind: 'cosmetic', summary: 'The app no longer contacts a host.' },
  'host-withdrawn': {
    kind: 'breaking',
    summary: 'A host leaves `allowedHosts` while some addresses are known only when they are called.',
  },

  // Actions
  'action-removed': { kind: 'breaking', summary: 'An action is gone.' },
  'action-renamed': { kind: 'breaking', summary: 'An action has another name.' },
  'action-added': { kind: 'additive', summary: 'A new action.' },
  'required-parameter-added': {
    kind: 'breaking',
    summary: 'A new parameter that has to be given and has no default.',
  },
  'parameter-made-required': {
    kind: 'breaking',
    summary: 'A parameter that could be left out has to be given.',
  },
  'parameter-removed': { kind: 'breaking', summary: 'A parameter is gone; what is given for it is dropped.' },
  'parameter-type-changed': { kind: 'breaking', summary: 'A parameter takes values of another type.' },
  'parameter-narrowed': { kind: 'breaking', summary: 'A parameter refuses values that it took.' },
  'parameter-rules-changed': {
    kind: 'breaking',
    summary: 'Rules of a parameter that combine others changed; that nothing is refused cannot be proven.',
  },
  'option-values-changed': {
    kind: 'breaking',
    summary: 'The values behind the options of a dropdown mean something else.',
  },
  'parameter-added': { kind: 'additive', summary: 'A new parameter that may be left out.' },
  'parameter-made-optional': { kind: 'additive', summary: 'A parameter may now be left out.' },
  'parameter-widened': { kind: 'additive', summary: 'A parameter takes more than before.' },
  'parameter-default-changed': {
    kind: 'cosmetic',
    summary: 'What stands for a parameter that is left out.',
  },
  'output-removed': { kind: 'breaking', summary: 'An output is gone.' },
  'output-type-changed': { kind: 'breaking', summary: 'An output is evidently of another type.' },
  'output-added': { kind: 'additive', summary: 'A new output.' },

  // Sources
  'source-removed': { kind: 'breaking', summary: 'A source is gone.' },
  'source-added': { kind: 'additive', summary: 'A new source.' },

  // Triggers and webhook
  'trigger-removed': { kind: 'breaking', summary: 'A trigger is gone.' },
  'trigger-renamed': { kind: 'breaking', summary: 'A trigger has another event.' },
  'trigger-type-changed': { kind: 'breaking', summary: 'A trigger has another `type`.' },
  'trigger-added': { kind: 'additive', summary: 'A new trigger.' },
  'webhook-removed': { kind: 'breaking', summary: 'The app no longer receives events.' },
  'webhook-added': { kind: 'additive', summary: 'The app receives events.' },
  'verification-changed': {
    kind: 'breaking',
    summary: 'Deliveries are verified in another way; those set up earlier are refused.',
  },
  'verification-relaxed': {
    kind: 'additive',
    summary: 'Deliveries that were refused are accepted; nothing that was accepted is refused.',
  },
  'event-names-changed': {
    kind: 'breaking',
    summary: 'The name of an event is read from another place, or renamed to another event.',
  },
  'event-names-added': { kind: 'additive', summary: 'Events are recognised that had no name before.' },
  'deduplication-changed': { kind: 'breaking', summary: 'Repeated deliveries are told by another id.' },
  'deduplication-added': { kind: 'additive', summary: 'Repeated deliveries are recognised.' },
  'customer-code-changed': { kind: 'breaking', summary: 'The same customer gets another code.' },
  'merchant-changed': { kind: 'breaking', summary: 'The account of a delivery is read from another place.' },

  // Sync
  'resource-removed': { kind: 'breaking', summary: 'A kind of record is no longer imported.' },
  'resource-added': { kind: 'additive', summary: 'A new kind of record is imported.' },
  'content-type-changed': { kind: 'breaking', summary: 'Records are stored as another content type.' },
  'record-code-changed': { kind: 'breaking', summary: 'The same record gets another code.' },
  'record-field-removed': { kind: 'breaking', summary: 'A field of records is no longer filled in.' },
  'record-field-added': { kind: 'additive', summary: 'A further field of records is filled in.' },
  'records-archived': {
    kind: 'breaking',
    summary: 'Records that a full run no longer sees are archived; they were kept.',
  },
  'handler-removed': { kind: 'breaking', summary: 'An event no longer changes records.' },
  'handler-changed': { kind: 'breaking', summary: 'An event does something else to records.' },
  'handler-added': { kind: 'additive', summary: 'A further event changes records.' },

  // Panels
  'panel-removed': { kind: 'breaking', summary: 'A panel is gone, or has another key.' },
  'panel-action-withdrawn': { kind: 'breaking', summary: 'A panel may no longer run an action.' },
  'panel-added': { kind: 'additive', summary: 'A new panel.' },
  'panel-action-allowed': { kind: 'additive', summary: 'A panel may run a further action.' },
} as const satisfies Record<string, { kind: ChangeKind; summary: string }>

export type ChangeCode = keyof typeof CHANGE_CODES

/** In which of the two documents the path of a change is: what was removed is only in the one before. */
export type Side = 'before' | 'after'

/** One difference between two versions of an app. */
export interface Change {
  kind: ChangeKind
  code: ChangeCode
  /** JSON Pointer (RFC 6901) into the document that `in` names. */
  path: string
  in: Side
  /** For an admin of a workspace: what stops working, what is new, or what is different. */
  reason: string
}
