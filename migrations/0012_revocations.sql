-- Whose account at the provider a revocation is about: Google ends all of a user's grants to us at once, so it is told
-- only while none of them is in use again.
ALTER TABLE revocations ADD COLUMN user_email TEXT;
