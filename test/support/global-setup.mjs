import { createJiti } from 'jiti';

/** Jest loads this file by itself and can't load TypeScript as an ES module here: jiti can. */
export default async function setUp() {
  const jiti = createJiti(import.meta.url);
  const { startThrowAwayServer } = await jiti.import('./throw-away-server.ts');
  const { compileSources } = await jiti.import('./compile.ts');
  globalThis.removeCompiled = compileSources();
  globalThis.stopThrowAwayServer = await startThrowAwayServer();
}
