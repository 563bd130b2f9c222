"""Loss of power, simulated: what a disk could hold at any moment, and what must be found there.

`recorder.c` is loaded into the program and writes down, in order, each change of the database's
files, each sync, and the moment at which each answer begins to be sent. `disk` makes of a record
what a disk could hold had the power gone at a place in it. `clients` work through the socket and
know after each answer what must be there; `verdict` opens what the disk holds and compares.

Why an answer counts from its first byte: a client may have it from then on, so whatever it
acknowledges must be durable before. The record of the answer is written before that byte is sent,
and the record of a finished sync after the sync, so that neither makes the disk look safer than it
was.
"""
