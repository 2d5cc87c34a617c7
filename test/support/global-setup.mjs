import { createJiti } from 'jiti';

/** Jest loads this file by itself and can't load TypeScript as an ES module here: jiti can. */
export default async function setUp() {
  const { startThrowAwayServer } = await createJiti(import.meta.url).import('./throw-away-server.ts');
  globalThis.stopThrowAwayServer = await startThrowAwayServer();
}
