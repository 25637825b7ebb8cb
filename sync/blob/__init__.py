"""Attachments (thành phần hồ sơ đính kèm) on their way to the province: encrypted files sent as order-free ranges.

Whatever arrived counts, in any order, by any line, any number of times; a file is whole when the hash of its ciphertext says
so. ``ranges`` is what is held, ``cipher`` the file's encryption, ``wire`` the bytes of a call, ``planner`` decides what goes next,
``receiver`` takes it, ``http`` carries it. Only ``http`` does network I/O; files and tables come through ``ports``.
"""
