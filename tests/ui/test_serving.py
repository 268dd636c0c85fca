"""`andraeus-tui --serve`: one page on this machine, nothing from elsewhere, and nothing left behind."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.conftest import COMMAND
from tests.patience import PATIENCE
from tests.ui.conftest import MakeProject


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(home: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a process, and the address that it prints, token included; killed at the end if it is still there."""
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "--serve", "--port", str(port), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=home, env={**os.environ, "HOME": str(home)},
    )  # fmt: skip
    try:
        assert process.stdout
        line = process.stdout.readline()
        (address,) = re.findall(r"http://\S+", line)
        assert re.fullmatch(rf"http://127\.0\.0\.1:{port}/\?token=[\w-]{{43}}", address)
        yield process, address
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


@asynccontextmanager
async def browser(address: str) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Somebody who opened the printed address and has the cookie, and the address of the page."""
    # Unsafe: without it this client keeps no cookie of an address that is a number. Browsers do.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as client, client.get(address) as response:
        assert response.status == 200
        yield client, str(response.url).rstrip("/")


async def opened(client: aiohttp.ClientSession, address: str) -> aiohttp.ClientWebSocketResponse:
    """The page's connection, when its app has begun to paint."""
    socket = await client.ws_connect(f"{address}/ws", headers={"Origin": address})
    await socket.receive(timeout=PATIENCE)
    return socket


def interrupt(process: subprocess.Popen[str]) -> str:
    """Ctrl-C; what was printed since. No child may be left."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    return output


async def test_page_holds_nothing_from_elsewhere(quiet_home: Path) -> None:
    with served(quiet_home) as (process, printed):
        async with browser(printed) as (client, address):
            async with client.get(address) as response:
                page = await response.text()
                policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "http" not in page.replace(address, "")
            assert "//" not in page.replace(f"ws://{address.removeprefix('http://')}/ws", "").replace(address, "")
            for path in re.findall(r'(?:href|src)="(/[^"]+)"', page):
                async with client.get(address + path) as response:
                    assert response.status == 200, path
        assert "Traceback" not in interrupt(process)


async def test_only_this_machine_and_only_this_page(quiet_home: Path) -> None:
    with served(quiet_home) as (process, printed):
        port = int(re.findall(r":(\d+)/", printed)[0])
        listening = [one.laddr for one in psutil.Process(process.pid).net_connections() if one.status == "LISTEN"]
        assert [(found.ip, found.port) for found in listening] == [("127.0.0.1", port)]
        async with browser(printed) as (client, address):
            for headers in ({"Host": "elsewhere.example"}, {"Origin": "https://elsewhere.example"}):
                async with client.get(address, headers=headers) as response:
                    assert response.status == 403
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    await client.ws_connect(f"{address}/ws", headers=headers)
            localhost = {"Host": f"localhost:{port}"}
            async with client.get(address, headers=localhost, allow_redirects=False) as response:
                assert response.headers["Location"] == f"{address}/"
        interrupt(process)


async def test_without_the_token_there_is_nothing(quiet_home: Path) -> None:
    with served(quiet_home) as (process, printed):
        address, _, token = printed.partition("/?token=")
        async with aiohttp.ClientSession() as client:
            wrong = {"token": token[:-1] + ("a" if token[-1] != "a" else "b")}
            for query in ({}, wrong, {"token": ""}, {"token": "\u00e9"}):
                async with client.get(address, params=query) as response:
                    assert (response.status, (await response.text()).count(".")) == (403, 1)
                    assert response.cookies == {}
            async with client.get(f"{address}/static/js/textual.js") as response:
                assert response.status == 403
            name = f"andraeus-{address.rpartition(':')[2]}"
            for cookies in ({}, {name: wrong["token"]}, {"andraeus": token}):
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    header = "; ".join(f"{key}={value}" for key, value in cookies.items())
                    await client.ws_connect(f"{address}/ws", headers={"Origin": address, "Cookie": header})
        assert psutil.Process(process.pid).children() == [], "no app was started for them"
        async with browser(printed) as (client, page):
            assert page == address, "the token leaves the address"
            (cookie,) = client.cookie_jar
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        with served(quiet_home) as (_, other):
            assert other.partition("=")[2] != token
        interrupt(process)


async def test_the_app_answers_and_is_gone_after_ctrl_c(make_project: MakeProject, quiet_home: Path) -> None:
    project = make_project("home/robin")
    with served(quiet_home, "--project", project.folder) as (process, printed):
        async with browser(printed) as (client, address):
            socket = await client.ws_connect(f"{address}/ws?width=100&height=30", headers={"Origin": address})
            seen = b""
            until = time.monotonic() + PATIENCE
            while b"Harbor Radio" not in seen and time.monotonic() < until:
                seen += (await socket.receive(timeout=PATIENCE)).data
            assert b"Harbor Radio" in seen, "the Facts step, with the project's facts"
            assert psutil.Process(process.pid).children(recursive=True) != []
            output = await asyncio.to_thread(interrupt, process)
            await socket.close()
        assert "Traceback" not in output
        assert "Harbor Radio" not in output


async def test_a_killed_server_leaves_no_app(quiet_home: Path) -> None:
    with served(quiet_home) as (process, printed):
        async with browser(printed) as (client, address):
            socket = await opened(client, address)
            (app,) = psutil.Process(process.pid).children()
            process.kill()
            await socket.close()
        gone, _ = psutil.wait_procs([app], timeout=PATIENCE)
        assert gone == [app]


async def test_a_closed_page_ends_its_app(quiet_home: Path) -> None:
    with served(quiet_home) as (process, printed):
        async with browser(printed) as (client, address):
            socket = await opened(client, address)
            assert psutil.Process(process.pid).children() != []
            await socket.close()
        until = time.monotonic() + PATIENCE
        while psutil.Process(process.pid).children() and time.monotonic() < until:
            time.sleep(0.1)
        assert psutil.Process(process.pid).children() == []
        interrupt(process)


def test_a_taken_port_and_a_folder_that_is_none_are_told(quiet_home: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "--serve", *arguments],
            capture_output=True, text=True, cwd=quiet_home, timeout=PATIENCE, check=False,
        )  # fmt: skip

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("--project", str(quiet_home))
    assert done.returncode == 2
    assert "is no project" in done.stderr
