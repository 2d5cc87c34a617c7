import { createRequire } from 'node:module';

/** This package's own version; package.json lies beside both src and dist. */
export const toolVersion: string = (createRequire(import.meta.url)('../package.json') as { version: string })
  .version;
