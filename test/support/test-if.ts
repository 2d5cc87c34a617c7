/** A test where it is possible; elsewhere one that is skipped, with the reason printed beside its name. */
export function testIf(isPossible: boolean, reason: string) {
  return (name: string, fn: () => Promise<void>): void =>
    isPossible ? test(name, fn) : test.skip(`${name} (skipped: ${reason})`, fn);
}
