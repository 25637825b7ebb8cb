"""Tests of the province: real sockets, a real SQLite file (and a real PostgreSQL where there is one), kiosks with the real
engine.
"""
