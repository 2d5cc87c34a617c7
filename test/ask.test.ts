import { PassThrough } from 'node:stream';
import { askWhich } from '../src/cli/ask.js';

async function answered(...answers: readonly string[]) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  const chosen = askWhich('Which?', ['newest', 'older'], { input, output });
  for (const answer of answers) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    input.write(`${answer}\n`);
  }
  return { chosen: await chosen, shown };
}

test('a list is shown; Enter takes the first, a number the one it names', async () => {
  expect(await answered('')).toEqual({ chosen: 'newest', shown: '  1  newest\n  2  older\nWhich? [1] ' });
  expect((await answered('2')).chosen).toBe('older');
});

test('whatever is no number of the list is asked again', async () => {
  const { chosen, shown } = await answered('0', '3', 'older', '2');
  expect(chosen).toBe('older');
  expect(shown.match(/It must be a number from 1 to 2\./g)).toHaveLength(3);
});
