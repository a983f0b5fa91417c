import { expect, it } from 'vitest';
import { SecretBox } from './secret-box.ts';

const OLD = 'old-cluster-secret-0123456789abcdef';
const NEW = 'new-cluster-secret-0123456789abcdef';

it('what is sealed does not show and opens again, for its owner only', () => {
  const box = new SecretBox([NEW]);
  const sealed = box.seal('whsec_x', 'whk_1');
  expect(sealed).not.toContain('whsec');
  expect(box.seal('whsec_x', 'whk_1')).not.toBe(sealed);
  expect(box.open(sealed, 'whk_1')).toBe('whsec_x');
  expect(box.open(sealed, 'whk_2')).toBeUndefined();
  expect(new SecretBox([OLD]).open(sealed, 'whk_1')).toBeUndefined();
});

it('what was tampered with does not open', () => {
  const box = new SecretBox([NEW]);
  const sealed = box.seal('secret', 'whk_1');
  for (const broken of ['', 'x', sealed.slice(0, -2), `${sealed.slice(0, 20)}A${sealed.slice(21)}`])
    if (broken !== sealed) expect(box.open(broken, 'whk_1')).toBeUndefined();
});

it('the old cluster secret opens while it is rotated, and is known to be the old one', () => {
  const sealed = new SecretBox([OLD]).seal('secret', 'whk_1');
  const rotating = new SecretBox([NEW, OLD]);
  expect(rotating.open(sealed, 'whk_1')).toBe('secret');
  expect(rotating.isCurrent(sealed)).toBe(false);
  expect(rotating.isCurrent(rotating.seal('secret', 'whk_1'))).toBe(true);
});
