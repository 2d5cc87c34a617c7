/** A page of a report as plain data: what a stage fills in and html/page.ts renders. */
export interface Page {
  readonly title: string;
  /** What this is about, in a sentence or two. */
  readonly lead: Text;
  readonly verdict: Verdict;
  /** The few numbers that everybody asks for. */
  readonly facts: readonly Fact[];
  readonly sections: readonly Section[];
  /** One line at the end: which version of the tool, when. */
  readonly footer: string;
}

export interface Verdict {
  readonly tone: Tone;
  readonly text: string;
}

export type Tone = 'good' | 'warn' | 'bad';

export interface Fact {
  readonly value: string;
  readonly label: string;
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'text'; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[]; readonly ordered?: boolean }
  | { readonly kind: 'callout'; readonly tone: Tone; readonly text: Text }
  | Table
  | Bars
  | Names
  | Change
  | Picture
  | { readonly kind: 'folded'; readonly title: Text; readonly blocks: readonly Block[] };

export interface Table {
  readonly kind: 'table';
  readonly columns: readonly { readonly title: string; readonly align?: 'end' }[];
  readonly rows: readonly (readonly Text[])[];
}

/** Quantities as bars, each beside its number. */
export interface Bars {
  readonly kind: 'bars';
  /** What stands after each number: `ms`. */
  readonly unit: string;
  readonly items: readonly { readonly label: Text; readonly value: number }[];
}

/** Names under headings; a picture refers to them by their key. */
export interface Names {
  readonly kind: 'names';
  readonly groups: readonly {
    readonly title: string;
    readonly names: readonly { readonly text: string; readonly key?: string }[];
  }[];
}

/** Two texts side by side; null stands for one that isn't there. */
export interface Change {
  readonly kind: 'change';
  readonly title: Text;
  readonly before: { readonly title: string; readonly text: string | null };
  readonly after: { readonly title: string; readonly text: string | null };
}

/** An SVG that picture.ts has drawn, and what it shows, for those who can't see it. */
export interface Picture {
  readonly kind: 'picture';
  readonly svg: string;
  readonly description: string;
}

/** Words, with names and code set apart. */
export type Text = string | readonly (string | Span)[];

export interface Span {
  readonly text: string;
  readonly as: 'code' | 'strong' | Tone;
}

/** A name or a piece of SQL. */
export function code(text: string): Span {
  return { text, as: 'code' };
}
