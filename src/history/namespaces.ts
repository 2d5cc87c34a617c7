const namespaceImport = /\bimport\s*\*\s*as\s+([\w$]+)\s+from\b/g;

/**
 * A TypeScript source in which each namespace that it calls, as in `import * as moment from 'moment'; moment()`, is
 * a default import. TypeScript takes such an import for the module itself, where `esModuleInterop` is off; a module
 * namespace as ECMAScript knows it can't be called, so that nobody can mean one.
 */
export function withCallableNamespaces(source: string): string {
  return source.replaceAll(namespaceImport, (whole, name: string) =>
    isCalled(source, name) ? `import ${name} from` : whole,
  );
}

/** Read, not parsed: where only a comment calls it, a default import does as well. */
function isCalled(source: string, name: string): boolean {
  const quoted = name.replaceAll('$', String.raw`\$`);
  return new RegExp(String.raw`(?<![.\w$])${quoted}\s*\(`).test(source);
}
