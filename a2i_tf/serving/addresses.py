"""The addresses that a server listens at."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator

from a2i_tf.errors import A2IError

_BACKLOG = 2_048


@contextlib.contextmanager
def bound_socket(host: str, port: int) -> Iterator[socket.socket]:
    """Yields a TCP socket that listens at an address, and closes it in the end.

    Args:
        host: Name or IP address.
        port: 0 for any that is free.

    Raises:
        A2IError: if the address is taken, or isn't this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise cannot_listen(host, port, error) from error
    with bound:
        try:
            # Without it, a server can't come back while old connections time out.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(_BACKLOG)
        except OSError as error:
            raise cannot_listen(host, port, error) from error
        yield bound


def is_loopback(host: str) -> bool:
    """Returns whether only this machine reaches the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address_text(host: str, port: int) -> str:
    """Returns "host:port", with the brackets that IPv6 needs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def cannot_listen(host: str, port: int, error: Exception) -> A2IError:
    """Returns what to tell a person whose address can't be listened at."""
    number = getattr(error, "errno", errno.EADDRINUSE)
    if number == errno.EADDRINUSE:
        reason = "another program listens there; stop it, or choose another port"
    elif number == errno.EACCES:
        reason = "ports below 1024 are for root; choose another port"
    else:
        reason = "it's no address of this machine; try --host 127.0.0.1"
    return A2IError(f"{address_text(host, port)}: can't listen: {reason}")
