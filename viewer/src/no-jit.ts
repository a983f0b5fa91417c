// Must be imported before anything that makes a schema: zod compiles object schemas with
// `new Function` unless told not to, and the viewer's policy allows no eval (the attempt alone
// would be reported as a violation).
import { z } from 'zod';

z.config({ jitless: true });
