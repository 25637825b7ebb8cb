"""The provincial side: the reference one-stop service that kiosks report to.

It verifies and stores the kiosks' journals, merges them by the rules of ``forms``, shows citizens where their dossier is and
officials what arrived. It is the only writer that sees all communes. Nothing here is known to the kiosk; the two meet on the
wire.
"""
