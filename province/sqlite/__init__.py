"""Django database backend on the SQLite that comes with sqlcipher3 (``ENGINE = "province.sqlite"``)."""
