/** Light and dark, screen and paper; no font or picture of others. */
export const stylesheet = `
:root {
  --paper: #fbfaf8; --card: #ffffff; --ink: #1c2024; --soft: #5b646d; --faint: #8b949c; --line: #e3e1dc;
  --accent: #0b6e75; --accent-soft: #d9ecec; --code: #f1efeb;
  --good: #146c43; --good-soft: #dff1e6; --warn: #8a5a00; --warn-soft: #fbeecd; --bad: #a82a2a; --bad-soft: #fae3e1;
  --table: #eef4f4; --table-line: #0b6e75; --view: #f3eefb; --view-line: #6b4bb0; --matview: #fdf1e3; --matview-line: #a85d10;
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) { @media screen { :root {
  --paper: #14171a; --card: #1b1f23; --ink: #e5e8ea; --soft: #a3adb6; --faint: #77818a; --line: #2d3339;
  --accent: #56b8be; --accent-soft: #1c3a3d; --code: #23282d;
  --good: #6fcf9b; --good-soft: #17342a; --warn: #e3b454; --warn-soft: #39301a; --bad: #f08a84; --bad-soft: #40211f;
  --table: #1d2c2e; --table-line: #56b8be; --view: #272238; --view-line: #a68be6; --matview: #33281a; --matview-line: #dd9a4a;
} } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0 auto; max-width: 68rem; padding: 3rem 1.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 400 1rem/1.6 var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 2.25rem; font-weight: 680; letter-spacing: -.02em; overflow-wrap: anywhere; }
h2 { font-size: 1.375rem; font-weight: 640; letter-spacing: -.01em; margin-bottom: 1rem; }
h3 { font-size: .9375rem; font-weight: 620; }
h4 { font-size: .8125rem; font-weight: 600; color: var(--soft); }
p { margin: 0 0 1rem; max-width: 46rem; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; }
code, pre { font-family: var(--mono); font-size: .875em; }
code { background: var(--code); border-radius: .25rem; padding: .1em .35em; overflow-wrap: anywhere; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header { margin-bottom: 2rem; }
.lead { font-size: 1.125rem; color: var(--soft); margin: .75rem 0 0; }
.verdict, .tag { display: inline-block; font-weight: 620; border-radius: 99rem; }
.verdict { font-size: .875rem; padding: .2rem .8rem; margin: 0 0 1rem; }
.tag { font-size: .8125rem; padding: 0 .55rem; }
.verdict::before { content: ""; display: inline-block; width: .5em; height: .5em; border-radius: 50%; background: currentColor; margin-right: .5em; vertical-align: .1em; }
.good { color: var(--good); background: var(--good-soft); }
.warn { color: var(--warn); background: var(--warn-soft); }
.bad { color: var(--bad); background: var(--bad-soft); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1px; margin: 2rem 0 0; padding: 0;
  background: var(--line); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; }
.facts div { background: var(--card); padding: 1rem 1.25rem; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.facts dd { margin: 0; font-size: 1.75rem; font-weight: 640; letter-spacing: -.02em; line-height: 1.2; }
.facts dt { color: var(--soft); font-size: .8125rem; }
nav { margin: 0 0 2.5rem; }
nav ol { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .375rem 1.25rem; font-size: .875rem; }
nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
section { border-top: 1px solid var(--line); padding: 2rem 0 1.5rem; }
ul, ol { margin: 0 0 1rem; padding-left: 1.35rem; } li { margin: .25rem 0; }
.callout { padding: .75rem 1rem; border-radius: .5rem; }
.table { overflow-x: auto; margin: 0 0 1.25rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem 1rem; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 560; font-size: .8125rem; white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
.end { text-align: right; white-space: nowrap; }
.bars { list-style: none; padding: 0; display: grid; gap: .375rem; font-size: .875rem; }
.bars li { display: grid; grid-template-columns: minmax(0, 19rem) minmax(4rem, 1fr) 6rem; align-items: center; gap: .75rem; margin: 0; }
.bars .track { background: var(--code); border-radius: .25rem; height: .75rem; overflow: hidden; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.bars .bar { display: block; height: 100%; background: var(--accent); border-radius: .25rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.bars .value { text-align: right; color: var(--soft); }
.names { columns: 20rem; column-gap: 2rem; }
.names > div { margin-bottom: 1.25rem; } .names h3 { break-after: avoid; margin-bottom: .25rem; }
.names h3::first-letter { text-transform: uppercase; }
.names ul { list-style: none; padding: 0; margin: 0; font-size: .875rem; }
.names li { break-inside: avoid; margin: .125rem 0; } .names li code { background: none; padding: 0; }
.names li:target code { background: var(--accent-soft); box-shadow: 0 0 0 .25rem var(--accent-soft); }
.count { color: var(--faint); font-weight: 400; }
details { margin: 0 0 1rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); padding: .625rem 1rem; }
summary { cursor: pointer; font-weight: 560; font-size: .9375rem; } details[open] > summary { margin-bottom: .875rem; }
details > :last-child { margin-bottom: .375rem; }
.picture { margin: 0 0 1.25rem; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); padding: 1rem; overflow: auto; max-height: 80vh; }
.picture svg { display: block; height: auto; margin: 0 auto; }
.picture figcaption { color: var(--soft); font-size: .8125rem; margin-top: .75rem; position: sticky; left: 0; }
.picture text { font-family: var(--sans); fill: var(--ink); }
.picture .cluster polygon, .picture .cluster path { fill: none; stroke: var(--line); } .picture .cluster text { fill: var(--soft); font-weight: 600; }
.picture .edge path { stroke: var(--faint); } .picture .edge polygon { stroke: var(--faint); fill: var(--faint); }
.picture .edge text { fill: var(--soft); }
.picture .kind-table path, .picture .kind-table polygon { fill: var(--table); stroke: var(--table-line); }
.picture .kind-view path, .picture .kind-view polygon { fill: var(--view); stroke: var(--view-line); }
.picture .kind-matview path, .picture .kind-matview polygon { fill: var(--matview); stroke: var(--matview-line); }
.picture a:hover text { text-decoration: underline; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.change { margin: 0 0 1.5rem; } .change h3 { margin-bottom: .5rem; }
.sides { display: grid; grid-template-columns: 1fr 1fr; border: 1px solid var(--line); border-radius: .75rem; background: var(--card); overflow: hidden; }
.side { min-width: 0; } .side + .side { border-left: 1px solid var(--line); }
.side h4 { padding: .5rem 1rem; border-bottom: 1px solid var(--line); }
.side pre { margin: 0; padding: .5rem 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .75rem; line-height: 1.55; tab-size: 4; }
.line { display: block; padding: 0 1rem 0 3rem; position: relative; min-height: 1.55em; }
.no { position: absolute; left: 0; width: 2.25rem; text-align: right; color: var(--faint); user-select: none; }
.before .changed { background: var(--bad-soft); } .after .changed { background: var(--good-soft); }
.before mark { background: none; color: var(--bad); font-weight: 700; } .after mark { background: none; color: var(--good); font-weight: 700; }
.gap { color: var(--faint); } .absent { color: var(--faint); padding: .75rem 1rem; margin: 0; font-style: italic; }
footer { border-top: 1px solid var(--line); padding-top: 1rem; color: var(--faint); font-size: .8125rem; }
@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; } h1 { font-size: 1.75rem; }
  .facts { grid-template-columns: 1fr 1fr; } .facts div { padding: .75rem 1rem; } .facts dd { font-size: 1.375rem; }
  .table { overflow: visible; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; } tr { padding: .5rem 0; border-bottom: 1px solid var(--line); } tbody tr:last-child { border-bottom: 0; }
  td, td.end { border: 0; padding: .125rem 1rem; text-align: left; white-space: normal; }
  td:empty { display: none; }
  td[data-title]:not([data-title=""])::before { content: attr(data-title); color: var(--faint); font-size: .75rem; margin-right: .5rem; }
  .bars li { grid-template-columns: minmax(0, 1fr) auto; gap: .25rem .75rem; margin-bottom: .375rem; } .bars .track { grid-column: 1 / -1; grid-row: 2; }
  .sides { grid-template-columns: minmax(0, 1fr); } .side + .side { border-left: 0; border-top: 1px solid var(--line); } .line.void { display: none; }
}
@media print {
  :root { --paper: #fff; } body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; } section { break-inside: auto; } h2, h3 { break-after: avoid; } tr, .bars li { break-inside: avoid; }
  .picture { max-height: none; overflow: visible; break-inside: avoid; } .picture svg { max-width: 100% !important; min-width: 0 !important; max-height: 22cm; }
  details > * { display: block; } a { color: inherit; text-decoration: none; }
  details::details-content { content-visibility: visible; display: block; }
  .good, .warn, .bad, .line, .facts div { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
