import { address, type Kind, type KindRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import {
  inUsersFamily,
  looseMember,
  type Member,
  type MemberCatalog,
  memberClause,
  memberJson,
} from '../operator-members.js';

interface Row extends KindRow {
  readonly identity: string;
  readonly family: string;
  /** Oid of a user's own family; members of the others stand for themselves. */
  readonly host: number | null;
  readonly member: Member;
}

/** Operators and functions added to a family by ALTER OPERATOR FAMILY, an extension's or the server's own families too. */
function familyMember(name: string, catalog: MemberCatalog, noun: 'OPERATOR' | 'FUNCTION'): Kind<Row> {
  const family = catalog === 'pg_amop' ? 'amopfamily' : 'amprocfamily';
  return {
    name,
    catalog,
    rank: 45,
    title: 'Operator classes and families',
    noun: {},
    query: () => `
      SELECT x.oid, format('${noun} %s (%s, %s) OF %I.%I USING %I', j.member ->> 'number', j.member ->> 'left',
          j.member ->> 'right', n.nspname, f.opfname, m.amname) AS identity,
        format('%I.%I USING %I', n.nspname, f.opfname, m.amname) AS family,
        CASE WHEN ${inUsersFamily('f.oid')} THEN f.oid END AS host, j.member
      FROM ${catalog} x JOIN pg_opfamily f ON f.oid = x.${family} JOIN pg_namespace n ON n.oid = f.opfnamespace
      JOIN pg_am m ON m.oid = f.opfmethod
      CROSS JOIN LATERAL (SELECT json_strip_nulls(json_build_object(${memberJson('x', catalog)})) AS member) j
      WHERE ${looseMember('x', catalog)}`,
    map: ({ identity, family, host, member }) => ({
      schema: null,
      name: identity,
      identity,
      attributes: attributes({ family, ...member }),
      ...(host === null
        ? {}
        : { requires: [address('pg_opfamily', host)], host: address('pg_opfamily', host) }),
    }),
    fold: (object) => ({ column: null, text: clause(object) }),
    create: (object) => [`ALTER OPERATOR FAMILY ${object.attributes.family} ADD\n  ${clause(object)}`],
    drop: (object) => {
      const { family, number, left, right } = object.attributes;
      return object.host === null
        ? `ALTER OPERATOR FAMILY ${family} DROP ${noun} ${number} (${left}, ${right})`
        : null;
    },
  };

  function clause(object: CatalogObject): string {
    return memberClause(object.attributes as unknown as Member, catalog);
  }
}

export const operatorOfFamily = familyMember('operator of family', 'pg_amop', 'OPERATOR');
export const functionOfFamily = familyMember('function of family', 'pg_amproc', 'FUNCTION');
