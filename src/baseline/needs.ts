import { byCodePoint, type Catalog, type CatalogObject, type Value } from '../catalog/model.js';
import { clusterNames, type SurroundingsChange } from '../cluster/change.js';
import { doBlock, quoteLiteral, unquoteIdent } from '../database/sql.js';

/** What a baseline finds on the server or can't be built: bare names, unquoted, in code point order. */
export interface Needs {
  readonly roles: readonly string[];
  readonly tablespaces: readonly string[];
  readonly extensions: readonly string[];
}

/** What the objects mention, and what is done to roles, but for those that the baseline itself makes. */
export function needsOf(catalog: Catalog, surroundings: SurroundingsChange): Needs {
  const roles = [...catalog.objects.flatMap(rolesOf), ...clusterNames(surroundings)].filter(
    (role) => !(role in surroundings.made),
  );
  return {
    roles: names(roles.filter((role) => role !== 'PUBLIC' && role !== 'CURRENT_USER')),
    tablespaces: names(catalog.objects.flatMap(({ attributes: { tablespace } }) => texts([tablespace]))),
    extensions: names(
      catalog.objects.filter(({ kind }) => kind === 'extension').map(({ identity }) => identity),
    ),
  };
}

/** Owners, grantees and grantors, the roles of policies, default privileges and user mappings. */
function rolesOf({ attributes }: CatalogObject): readonly string[] {
  const { owner, role, roles = [], ...rest } = attributes;
  const granted = Object.entries(rest)
    .filter(([name]) => name.startsWith('grants') || name === 'privileges')
    .flatMap(([, value]) => grantees(value));
  return [...texts([owner, role]), ...(Array.isArray(roles) ? texts(roles) : []), ...granted];
}

/** Grants are a list, or lists by column or part. */
function grantees(value: Value): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(grantees);
  if (value === null || typeof value !== 'object') return [];
  const grant = value as { readonly [key: string]: Value };
  return 'verb' in grant ? texts([grant.role, grant.by]) : Object.values(grant).flatMap(grantees);
}

function texts(values: readonly (Value | undefined)[]): readonly string[] {
  return values.filter((value) => typeof value === 'string');
}

function names(identifiers: readonly string[]): readonly string[] {
  return [...new Set(identifiers.map(unquoteIdent))].sort(byCodePoint);
}

const catalogs = [
  ['roles', 'role', 'pg_roles', 'rolname'],
  ['tablespaces', 'tablespace', 'pg_tablespace', 'spcname'],
  ['extensions', 'extension', 'pg_available_extensions', 'name'],
] as const;

/** A statement that names all that is missing before anything is made; none where nothing is needed. */
export function needsGuard(needs: Needs): readonly string[] {
  const missing = catalogs
    .filter(([key]) => needs[key].length > 0)
    .map(
      ([key, noun, catalog, column]) => `    SELECT ${quoteLiteral(`${noun} `)} || needed.name AS lacking
    FROM unnest(ARRAY[${needs[key].map((name) => quoteLiteral(name)).join(', ')}]::text[]) needed (name)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.${catalog} c WHERE c.${column} = needed.name)`,
    );
  if (missing.length === 0) return [];
  return [
    doBlock(
      `DECLARE
  missing text;
BEGIN
  SELECT string_agg(lacking, ', ') INTO missing FROM (
${missing.join('\n    UNION ALL\n')}
  ) needs;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'this baseline needs what the server lacks: %', missing
      USING ERRCODE = 'undefined_object',
        HINT = 'Make the roles and tablespaces, install the packages of the extensions, and run it again. Nothing was changed.';
  END IF;
END`,
      'needs',
    ),
  ];
}
