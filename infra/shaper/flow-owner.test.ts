import { describe, expect, it } from 'vitest';
import { flowOwner } from './flow-owner.ts';

/** A STUN message with these attributes, each padded to four bytes (RFC 8489, section 14). */
function stun(type: number, ...attributes: [type: number, value: Buffer][]): Buffer {
  const body = attributes.map(([kind, value]) => {
    const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
    bytes.writeUInt16BE(kind, 0);
    bytes.writeUInt16BE(value.length, 2);
    value.copy(bytes, 4);
    return bytes;
  });
  const header = Buffer.alloc(20);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(Buffer.concat(body).length, 2);
  header.writeUInt32BE(0x2112a442, 4);
  return Buffer.concat([header, ...body]);
}
const username: [number, Buffer] = [0x0006, Buffer.from('abcde:f')];
const networkInfo: [number, Buffer] = [0xc057, Buffer.alloc(4)];

describe('the owner of a flow', () => {
  it.each([
    ['a check with goog-network-info', stun(1, username, networkInfo), 'browser'],
    ['a check without', stun(1, username), 'agent'],
    ['an answer to a check', stun(0x0101, username, networkInfo), undefined],
    ['media', Buffer.alloc(1200, 0x80), undefined],
    ['next to nothing', Buffer.alloc(1), undefined],
    ['an attribute longer than the message', stun(1, username).subarray(0, 26), 'agent'],
  ])('is read from %s', (_, packet, owner) => {
    expect(flowOwner(packet)).toBe(owner);
  });
});
