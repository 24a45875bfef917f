/** Answers without what differs from one call to the next. */
import type { Kit } from './operations.ts'

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/**
 * The answer with the values of its kit that were sent replaced by their names, and with ids, times and counts of the moment taken out.
 * How many workspaces have an app is public.
 */
export function comparable(answer: string, sent: string, kit: Kit): string {
  let text = answer
  for (const [name, value] of Object.entries(kit)) {
    if (sent.includes(value)) text = text.replaceAll(value, `<${name}>`)
  }
  return text
    .replace(/[0-9a-f]{32}\.[\w-]{43}/g, '<one-time text>')
    .replace(/whsec_[\w+/=]+/g, '<one-time text>')
    .replace(/"token":"[\w-]{43}"/g, '"token":"<one-time text>"')
    .replace(UUID, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>')
    .replace(/"installationCount":\d+/g, '"installationCount":<count>')
    .replace(/"nonce-[^"]+"|nonce-[\w+/=-]+|nonce="[^"]*"/g, '<nonce>')
    .replace(/"(durationMs|ms)":\d+/g, '"$1":<ms>')
}
