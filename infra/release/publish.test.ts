import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReleaseManifest } from '@guruconnect/contract/http/v1/releases';
import { publish } from './publish.ts';

let folder: string;
let source: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gc-publish-'));
  source = join(folder, 'agent.exe');
  await writeFile(source, 'an agent');
});
afterEach(() => rm(folder, { recursive: true }));

const shelf = (): string => join(folder, 'shelf');
const manifest = async (): Promise<ReleaseManifest> =>
  ReleaseManifest.parse(JSON.parse(await readFile(join(shelf(), 'releases.json'), 'utf8')));
const release = (version: string, platform = 'windows-x64') =>
  publish({ directory: shelf(), platform, version, source });

describe('a published release', () => {
  it('is a copy beside its manifest, which tells its size and SHA-256', async () => {
    const published = await release('1.4.0');
    expect(published).toMatchObject({
      file: 'guruconnect-agent-1.4.0-windows-x64.exe',
      size_bytes: 8,
      checksum_sha256: createHash('sha256').update('an agent').digest('hex'),
    });
    expect((await manifest()).releases).toEqual([published]);
    expect(await readFile(join(shelf(), published.file), 'utf8')).toBe('an agent');
    expect((await readdir(shelf())).sort()).toEqual([published.file, 'releases.json']);
  });

  it('joins those that are there', async () => {
    await release('1.4.0');
    await release('1.4.0', 'linux-x64');
    await release('1.5.0');
    expect((await manifest()).releases).toHaveLength(3);
  });

  it('never changes its content; publishing the same again changes nothing', async () => {
    const first = await release('1.4.0');
    expect(await release('1.4.0')).toEqual(first);
    await writeFile(source, 'another agent');
    await expect(release('1.4.0')).rejects.toThrow('another content');
    expect((await manifest()).releases).toEqual([first]);
    expect(await readFile(join(shelf(), first.file), 'utf8')).toBe('an agent');
  });

  it('that lost its file gets it back', async () => {
    const first = await release('1.4.0');
    await rm(join(shelf(), first.file));
    expect(await release('1.4.0')).toEqual(first);
    expect(await readFile(join(shelf(), first.file), 'utf8')).toBe('an agent');
  });

  it.each([
    ['a platform nobody has', '1.4.0', 'beos-x64'],
    ['no version', 'latest', 'linux-x64'],
    ['a version that is a path', '../1.4.0', 'linux-x64'],
  ])('can not have %s', async (_what, version, platform) => {
    await expect(release(version, platform)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('is not written while another publisher writes', async () => {
    await release('1.4.0');
    await writeFile(join(shelf(), 'releases.json.lock'), '');
    await expect(release('1.5.0')).rejects.toThrow('another publisher');
  });

  it('leaves nothing half done when its file can not be read', async () => {
    source = join(folder, 'nothing');
    await expect(release('1.4.0')).rejects.toThrow('ENOENT');
    expect(await readdir(shelf())).toEqual([]);
  });
});
