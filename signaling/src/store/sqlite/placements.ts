// Routers that exist on media nodes, in SQLite.
import { NodeId, SessionId } from '@guruconnect/contract/ids';
import type { Placement, PlacementStore } from '../store.ts';
import { number, type Database, type Row } from './database.ts';

const placementOf = (row: Row): Placement => ({
  session_id: SessionId.parse(row['session_id']),
  epoch: number(row, 'epoch'),
  node_id: NodeId.parse(row['node_id']),
});

export function sqlitePlacements(database: Database): PlacementStore {
  return {
    async reserve(session_id, node_id) {
      return database.transaction(() => {
        const row = database.get(
          `INSERT INTO epochs (session_id, epoch) VALUES (?, 1)
           ON CONFLICT DO UPDATE SET epoch = epoch + 1 RETURNING epoch`,
          session_id,
        );
        if (!row) throw new Error('an upsert returned nothing');
        const epoch = number(row, 'epoch');
        database.run(
          'INSERT INTO placements (session_id, epoch, node_id) VALUES (?, ?, ?)',
          session_id,
          epoch,
          node_id,
        );
        return { session_id, epoch, node_id };
      });
    },
    async remove({ session_id, epoch }) {
      database.transaction(() => {
        database.run(
          'DELETE FROM placements WHERE session_id = ? AND epoch = ?',
          session_id,
          epoch,
        );
        // Nothing is kept of a session that no media node took and that never came into being.
        database.run(
          `DELETE FROM epochs WHERE session_id = ?1
             AND NOT EXISTS (SELECT 1 FROM sessions WHERE id = ?1)
             AND NOT EXISTS (SELECT 1 FROM placements WHERE session_id = ?1)`,
          session_id,
        );
      });
    },
    async onNode(node_id) {
      return database.all('SELECT * FROM placements WHERE node_id = ?', node_id).map(placementOf);
    },
    async ofSession(session_id) {
      return database
        .all('SELECT * FROM placements WHERE session_id = ? ORDER BY epoch', session_id)
        .map(placementOf);
    },
  };
}
