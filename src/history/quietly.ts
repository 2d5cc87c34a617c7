/** As try and finally, but the error of `clean` never hides the first one. */
export async function finallyQuietly<T>(fn: () => Promise<T>, clean: () => Promise<void>): Promise<T> {
  let result: T;
  try {
    result = await fn();
  } catch (error) {
    await clean().catch(() => {});
    throw error;
  }
  await clean();
  return result;
}
