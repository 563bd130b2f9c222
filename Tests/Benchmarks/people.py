"""The people of the benchmark: a name and an address for each number."""


def person(number):
    """A name; all are of one length."""
    return f"user{number:07}@bench.example"


def address(number):
    """An address of the network for benchmarks (RFC 2544, 198.18.0.0/15)."""
    return f"198.{18 + number // 65536 % 2}.{number // 256 % 256}.{number % 256}"
