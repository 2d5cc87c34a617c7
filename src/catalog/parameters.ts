/** Parameters of a CREATE by their names in the manual: a value as SQL, true for a flag. */
export type Parameters = { readonly [name: string]: string | boolean | undefined };

/** `(\n  INPUT = f,\n  PREFERRED = …\n)`: the definition list of CREATE TYPE, AGGREGATE, OPERATOR and others. */
export function parameterList(parameters: Parameters): string {
  const lines = Object.entries(parameters).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return [value === true ? `  ${name}` : `  ${name} = ${value}`];
  });
  return `(\n${lines.join(',\n')}\n)`;
}
