import { runCases } from './support/run-cases.js';

await runCases(1);
