import { startThrowAwayServer } from '../test/support/throw-away-server.js';
const stop = await startThrowAwayServer();
process.env.CASES = process.argv[2] ?? 'check--';
const { draft } = await import('../test/support/prove-case.js');
const { listCases } = await import('../test/support/cases.js');
for (const c of listCases()) for (let i = 0; i < 3; i++) {
  const b = performance.now();
  const u = process.cpuUsage();
  try { const d = await draft(c.migrations); 
  const v = process.cpuUsage(u);
  console.log(c.name, Math.round(performance.now() - b), 'cpu', (v.user + v.system) / 1000, d.timings);} catch (e) { console.log(c.name, e); }
}
await stop();
