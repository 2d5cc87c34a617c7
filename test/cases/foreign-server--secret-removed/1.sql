CREATE EXTENSION postgres_fdw;
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'db.example');
CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS ("user" 'app', password 'hunter2');
