-- The tables of pekko-persistence-jdbc, with three changes to its own file:
-- payloads are VARBINARY, in the row, not BLOB: a BLOB over 256 bytes is kept apart and cleaned up later, which costs a second
-- write and read and has lost data in H2 before; the limit of 1 MiB is far above what an event or a snapshot may hold;
-- the second unique index on "ordering" is left out, the column has one already;
-- no table for durable state, which we do not use.

CREATE TABLE IF NOT EXISTS PUBLIC."event_journal" (
  "ordering" BIGINT UNIQUE NOT NULL AUTO_INCREMENT,
  "deleted" BOOLEAN DEFAULT false NOT NULL,
  "persistence_id" VARCHAR(255) NOT NULL,
  "sequence_number" BIGINT NOT NULL,
  "writer" VARCHAR NOT NULL,
  "write_timestamp" BIGINT NOT NULL,
  "adapter_manifest" VARCHAR NOT NULL,
  "event_payload" VARBINARY(1048576) NOT NULL,
  "event_ser_id" INTEGER NOT NULL,
  "event_ser_manifest" VARCHAR NOT NULL,
  "meta_payload" VARBINARY(1048576),
  "meta_ser_id" INTEGER,
  "meta_ser_manifest" VARCHAR,
  PRIMARY KEY ("persistence_id", "sequence_number")
);

CREATE TABLE IF NOT EXISTS PUBLIC."event_tag" (
  "event_id" BIGINT NOT NULL,
  "tag" VARCHAR NOT NULL,
  PRIMARY KEY ("event_id", "tag"),
  CONSTRAINT FK_EVENT_JOURNAL FOREIGN KEY ("event_id") REFERENCES PUBLIC."event_journal" ("ordering") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS PUBLIC."snapshot" (
  "persistence_id" VARCHAR(255) NOT NULL,
  "sequence_number" BIGINT NOT NULL,
  "created" BIGINT NOT NULL,
  "snapshot_ser_id" INTEGER NOT NULL,
  "snapshot_ser_manifest" VARCHAR NOT NULL,
  "snapshot_payload" VARBINARY(1048576) NOT NULL,
  "meta_ser_id" INTEGER,
  "meta_ser_manifest" VARCHAR,
  "meta_payload" VARBINARY(1048576),
  PRIMARY KEY ("persistence_id", "sequence_number")
);

-- One row that is written now and then: whether the file can still be written is known before a user finds out.
CREATE TABLE IF NOT EXISTS PUBLIC."store_probe" (
  "id" INTEGER PRIMARY KEY,
  "at" BIGINT NOT NULL
);
