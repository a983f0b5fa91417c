import { describe, expect, it } from 'vitest';
import { ARMING_MS } from './prompt.ts';
import { PromptInteraction, type PromptKey } from './prompt-interaction.ts';

const shownAt = (nowMs: number): PromptInteraction => {
  const interaction = new PromptInteraction();
  interaction.arming.disturbed(nowMs);
  return interaction;
};
const ARMED = 1000 + ARMING_MS;

describe('keys', () => {
  it.each<[PromptKey[], string | undefined]>([
    [['return'], 'denied'],
    [['escape'], 'denied'],
    [['space'], 'denied'],
    [['alt_d'], 'denied'],
    [['alt_a'], 'granted'],
    [['tab', 'space'], 'granted'],
    [['tab', 'return'], 'denied'],
    [['tab', 'tab', 'space'], 'denied'],
    [['other'], undefined],
    [['tab'], undefined],
  ])('%j: %s', (keys, choice) => {
    const interaction = shownAt(1000);
    expect(keys.map((key) => interaction.keyPressed(key, ARMED)).at(-1)).toBe(choice);
  });

  it('do nothing before it has stood still long enough, not even move the focus', () => {
    const interaction = shownAt(1000);
    const keys: PromptKey[] = ['alt_a', 'tab', 'space', 'return', 'escape'];
    for (const key of keys) expect(interaction.keyPressed(key, ARMED - 1)).toBeUndefined();
    expect(interaction.focused).toBe('deny');
  });

  it('do nothing before it was ever shown', () => {
    expect(new PromptInteraction().keyPressed('alt_a', 1e9)).toBeUndefined();
  });
});

describe('mouse', () => {
  it('a whole click on a button chooses it', () => {
    const interaction = shownAt(1000);
    interaction.pointerPressed('allow', ARMED);
    expect(interaction.pointerReleased('allow', ARMED + 50)).toBe('granted');
    interaction.pointerPressed('deny', ARMED);
    expect(interaction.pointerReleased('deny', ARMED + 50)).toBe('denied');
  });

  it('a click begun elsewhere, ended elsewhere or begun too early chooses nothing', () => {
    const interaction = shownAt(1000);
    interaction.pointerPressed('deny', ARMED);
    expect(interaction.pointerReleased('allow', ARMED)).toBeUndefined();
    interaction.pointerPressed(undefined, ARMED);
    expect(interaction.pointerReleased('allow', ARMED)).toBeUndefined();
    interaction.pointerPressed('allow', ARMED - 1);
    expect(interaction.pointerReleased('allow', ARMED + 500)).toBeUndefined();
    expect(interaction.pointerReleased('allow', ARMED)).toBeUndefined(); // never pressed
  });

  it('a disturbance between press and release spoils the click', () => {
    const interaction = shownAt(1000);
    interaction.pointerPressed('allow', ARMED);
    interaction.arming.disturbed(ARMED + 10);
    expect(interaction.pointerReleased('allow', ARMED + 20)).toBeUndefined();
  });

  it('shows a button as pressed only while the pointer is on it', () => {
    const interaction = shownAt(1000);
    interaction.pointerPressed('allow', ARMED);
    expect(interaction.pressed).toBe('allow');
    interaction.pointerMoved(undefined);
    expect(interaction.pressed).toBeUndefined();
  });
});
