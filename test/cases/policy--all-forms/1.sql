CREATE TABLE member (name name PRIMARY KEY, tenant int);
CREATE TABLE doc (id int, tenant int, owner name, public bool DEFAULT false);
ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON doc;
CREATE POLICY reads ON doc FOR SELECT TO case_reader, PUBLIC USING (public OR owner = current_user);
CREATE POLICY inserts ON doc FOR INSERT TO case_writer WITH CHECK (EXISTS (SELECT FROM member m WHERE m.name = current_user AND m.tenant = doc.tenant));
CREATE POLICY updates ON doc AS RESTRICTIVE FOR UPDATE TO case_writer, "Case ""odd"" role", CURRENT_USER USING (owner = session_user) WITH CHECK (tenant > 0);
CREATE POLICY deletes ON doc AS RESTRICTIVE FOR DELETE USING (id IN (SELECT tenant FROM member));
