CREATE SUBSCRIPTION s CONNECTION 'host=nowhere.invalid dbname=x user=repl password=hunter2' PUBLICATION p WITH (connect = false, slot_name = NONE);
