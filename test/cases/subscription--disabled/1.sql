CREATE SUBSCRIPTION s CONNECTION 'host=nowhere.invalid dbname=x user=repl' PUBLICATION p, "Odd pub" WITH (connect = false, slot_name = NONE);
CREATE SUBSCRIPTION named CONNECTION 'host=nowhere.invalid dbname=''x y''' PUBLICATION p WITH (connect = false, slot_name = 'other_slot', binary = true, synchronous_commit = 'remote_write', streaming = true);
CREATE SUBSCRIPTION usual CONNECTION 'host=nowhere.invalid' PUBLICATION p WITH (connect = false);
