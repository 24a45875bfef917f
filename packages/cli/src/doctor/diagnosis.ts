/** What `miniapps doctor` finds: one entry a case, in the order in which they are looked at. */
export interface Diagnosis {
  /** Name of the case. */
  name: string
  verdict: 'fine' | 'doubtful' | 'broken'
  /** In one sentence. */
  what: string
  /** What was seen, a line each. */
  facts: string[]
  /** What to do, a line each. */
  next: string[]
}

/** One case: what it is about, and how it is looked into. A case that does not apply finds nothing. */
export interface Case<Patient> {
  name: string
  examine(
    patient: Patient,
  ): Promise<Omit<Diagnosis, 'name'> | undefined> | Omit<Diagnosis, 'name'> | undefined
}

/** One after the other: later cases may rest on what earlier ones did at the provider. */
export async function examineAll<Patient>(
  cases: readonly Case<Patient>[],
  patient: Patient,
): Promise<Diagnosis[]> {
  const found: Diagnosis[] = []
  for (const { name, examine } of cases) {
    const diagnosis = await examine(patient)
    if (diagnosis) found.push({ name, ...diagnosis })
  }
  return found
}
