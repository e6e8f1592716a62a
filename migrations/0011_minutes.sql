-- Sessions of which a minute was not to be had any more: their agents say goodbye, and what is still there some seconds
-- later is closed.
ALTER TABLE session_minutes ADD COLUMN refused_at_ms BIGINT;
CREATE INDEX session_minutes_refused ON session_minutes (refused_at_ms) WHERE refused_at_ms IS NOT NULL;
