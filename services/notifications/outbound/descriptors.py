"""What this machine has for sockets, and whether a fault is that it has no more."""

import errno
import resource

KEPT_FOR_OTHERS = 256
"""Descriptors that are no webhook's: databases, the broker, files, whoever calls this process."""

_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def raised_limit() -> int:
    """How many descriptors this process may have open, after raising that to what it may raise it to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return 1_000_000 if hard == resource.RLIM_INFINITY else hard


def affordable(fast: int, slow: int, limit: int) -> tuple[int, int]:
    """As many fast and slow places, each with one connection, as ``limit`` descriptors leave room for."""
    left = limit - KEPT_FOR_OTHERS
    fast = max(1, min(fast, left // 4))
    return fast, max(1, min(slow, left - fast))


def is_ours(fault: OSError) -> bool:
    """Whether it says that this machine has no more descriptors or memory: nothing about the receiver."""
    return fault.errno in _OURS
