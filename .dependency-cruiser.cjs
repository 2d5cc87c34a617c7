const pureCore = '^src/(plan/|baseline/|report/|history/state\\.ts|adopt/decide\\.ts|catalog/(?!read\\.ts))';

/** The layering of src, as rules: data flows one way, effects stay at the edges. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-core',
      comment: 'Planning, rendering, comparing and deciding are functions of data alone.',
      severity: 'error',
      from: { path: pureCore },
      to: {
        path: '^(node:)?fs(/promises)?$|node_modules/(pg|knex|umzug)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'kinds-apart',
      comment: 'A kind knows no other kind; what two need lies in catalog/.',
      severity: 'error',
      from: { path: '^src/catalog/kinds/(?!index\\.ts)([^/]+)\\.ts$' },
      to: { path: '^src/catalog/kinds/' },
    },
    {
      name: 'stages-apart',
      comment: 'Only the pipelines at the top of src know the order of the stages.',
      severity: 'error',
      from: { path: '^src/(proof|adopt|archive|backup|validate|audit|report)/' },
      to: { path: '^src/(proof|adopt|archive|backup|validate|audit|report)/', pathNot: '^src/$1/' },
    },
    {
      name: 'cli-reaches-index',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/(?!cli/|index\\.ts)' },
    },
    {
      name: 'nothing-imports-cli',
      severity: 'error',
      from: { path: '^src/(?!cli/)' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'no-grab-bags',
      severity: 'error',
      from: {},
      to: { path: '^src/.*\\b(utils?|helpers?|common|misc|shared|lib)\\b' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
