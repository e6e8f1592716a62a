-- The newest of a number are found in order, whether it has called once or is called by everybody.
DROP INDEX transcripts_by_caller;
DROP INDEX transcripts_by_called;
CREATE INDEX transcripts_by_caller ON transcripts (account_id, from_address, id);
CREATE INDEX transcripts_by_called ON transcripts (account_id, to_address, id);
