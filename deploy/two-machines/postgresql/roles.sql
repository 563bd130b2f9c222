-- The database of Coatcheck and who uses it: sudo -u postgres psql -v ON_ERROR_STOP=1 -f roles.sql
-- Then give each a password: sudo -u postgres psql -c '\password coatcheck'

-- No superuser, and owner of one schema and nothing else: it can neither read files of the server,
-- nor drop the database. Coatcheck makes its tables in the schema of its name at the first start.
CREATE ROLE coatcheck LOGIN
    NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 40;
CREATE ROLE replicator LOGIN REPLICATION;

CREATE DATABASE coatcheck ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
REVOKE ALL ON DATABASE coatcheck FROM PUBLIC;
GRANT CONNECT ON DATABASE coatcheck TO coatcheck;
\connect coatcheck
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA coatcheck AUTHORIZATION coatcheck;
