"""Refuses, and writes down, what Python's sockets send or ask for outside this machine.

benchmarks.gpu_sockets copies this file as `sitecustomize.py` into a folder on PYTHONPATH, so that every Python process
loads it first; `record.jsonl` beside the copy gets one line a process and one an attempt. Loopback and Unix sockets
work as always. Sockets that libraries open in C are not seen.
"""

import errno
import ipaddress
import json
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

_RECORD = Path(__file__).with_name("record.jsonl")
_HERE = {"", "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"}
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_connect, _connect_ex, _sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
_getaddrinfo = socket.getaddrinfo
_gethostbyname, _gethostbyname_ex = socket.gethostbyname, socket.gethostbyname_ex


def _note(**body: object) -> None:
    line = json.dumps({"pid": os.getpid(), **body}, default=str) + "\n"
    handle = os.open(_RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def _number(host: str) -> Any:
    """The host as an address, None when it is a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _text(host: Any) -> str:
    return host.decode("utf-8", errors="replace") if isinstance(host, (bytes, bytearray)) else str(host or "")


def _stays(sock: socket.socket, address: Any) -> bool:
    """Whether what goes to this address stays on this machine."""
    if sock.family not in _FAMILIES or not isinstance(address, tuple):
        return True
    host = _text(address[0])
    number = _number(host)
    return bool(number.is_loopback or number.is_unspecified) if number else host.casefold() in _HERE


def _may_look_up(host: Any) -> bool:
    """Addresses need no looking up, and this machine's own names no other machine."""
    name = _text(host)
    return name.casefold() in _HERE or _number(name) is not None or name == socket.gethostname()


def _attempt(what: str, address: Any, kind: str) -> None:
    frames = [frame for frame in traceback.extract_stack()[:-2] if Path(frame.filename).name != "socket.py"]
    where = [f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno}" for frame in frames[-5:]]
    _note(attempt=what, address=address, kind=kind, where=where)


def _kind(sock: socket.socket) -> str:
    return "datagram" if sock.type & socket.SOCK_DGRAM else "stream"


def connect(sock: socket.socket, address: Any) -> None:
    """Stands in for `socket.connect`."""
    if not _stays(sock, address):
        _attempt("connect", address, _kind(sock))
        raise OSError(errno.ENETUNREACH, "outgoing sockets are blocked")
    _connect(sock, address)


def connect_ex(sock: socket.socket, address: Any) -> int:
    """Stands in for `socket.connect_ex`."""
    if not _stays(sock, address):
        _attempt("connect_ex", address, _kind(sock))
        return errno.ENETUNREACH
    return _connect_ex(sock, address)


def sendto(sock: socket.socket, data: Any, *more: Any) -> int:
    """Stands in for `socket.sendto`."""
    if more and not _stays(sock, more[-1]):
        _attempt("sendto", more[-1], _kind(sock))
        raise OSError(errno.ENETUNREACH, "outgoing sockets are blocked")
    return _sendto(sock, data, *more)


def _unknown(what: str, host: Any) -> NoReturn:
    _attempt(what, _text(host), "name")
    raise socket.gaierror(socket.EAI_AGAIN, "looking up names is blocked")


def getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
    """Stands in for `socket.getaddrinfo`."""
    return _getaddrinfo(host, *more, **named) if _may_look_up(host) else _unknown("getaddrinfo", host)


def gethostbyname(host: Any) -> Any:
    """Stands in for `socket.gethostbyname`."""
    return _gethostbyname(host) if _may_look_up(host) else _unknown("gethostbyname", host)


def gethostbyname_ex(host: Any) -> Any:
    """Stands in for `socket.gethostbyname_ex`."""
    return _gethostbyname_ex(host) if _may_look_up(host) else _unknown("gethostbyname_ex", host)


def install() -> None:
    """From here on, in this process and in those that it forks."""
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, globals()[name])
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, globals()[name])
    _note(process=" ".join(sys.orig_argv)[:200])


if __name__ == "sitecustomize":
    install()
