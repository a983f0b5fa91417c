// What a person sees when the contract refused: the words, the stable code, and a way on.
import type { GcError } from '@guruconnect/contract/errors';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

export const problemPage = (error: GcError): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Northwind RMM</title>
    <link rel="stylesheet" href="/rmm.css" />
  </head>
  <body class="problem-page">
    <main class="card">
      <h1>The session could not be opened</h1>
      <p>${escapeHtml(error.message)}</p>
      <p><code>${error.code}</code></p>
      <p><a href="">Try again</a> · <a href="/">Dashboard</a></p>
    </main>
  </body>
</html>
`;
