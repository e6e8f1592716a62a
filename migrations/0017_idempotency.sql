-- When the first one ran the request, Unix milliseconds; 0: before this was kept. A key that is used again after its day
-- is another request, and what it makes has another name.
ALTER TABLE idempotency_keys ADD COLUMN begun_at_ms BIGINT NOT NULL DEFAULT 0;
