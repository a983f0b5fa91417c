// Writes contract/openapi/v1.json. Run it after a change of schemas or routes, look at the diff, and
// commit both together: `npm run openapi -w @guruconnect/contract`.
import { writeFileSync } from 'node:fs';
import { openApiDocument } from '../src/openapi/open-api-document.ts';

const target = new URL('../openapi/v1.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
console.log(`wrote ${target.pathname}`);
