import { describe, expect, it } from 'vitest';
import { newId } from '@guruconnect/contract/ids';
import { readBoot } from './boot.ts';

const id = newId('ses');
const code = 'gcv_0123456789abcdef';

describe('the address of the page', () => {
  it('names the session and carries the code in its fragment', () => {
    expect(readBoot({ pathname: `/viewer/${id}`, hash: `#code=${code}` })).toEqual({
      sessionId: id,
      code,
    });
    expect(readBoot({ pathname: `/viewer/${id}/`, hash: `#code=${code}` }).sessionId).toBe(id);
  });

  it.each(['/viewer/', '/viewer/ses_short', `/other/${id}`, `/viewer/${id}/more`, '/'])(
    'is refused when it names no session: %s',
    (pathname) => {
      expect(() => readBoot({ pathname, hash: `#code=${code}` })).toThrow(
        expect.objectContaining({ code: 'session_not_found' }),
      );
    },
  );

  it.each(['', '#', '#code=', '#token=x'])('is refused without a code: "%s"', (hash) => {
    expect(() => readBoot({ pathname: `/viewer/${id}`, hash })).toThrow(
      expect.objectContaining({ code: 'code_invalid' }),
    );
  });
});
