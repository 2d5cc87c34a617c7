/** In the process of global-setup.mjs, once all tests have ended. */
export default async function tearDown() {
  globalThis.removeCompiled();
  await globalThis.stopThrowAwayServer();
}
