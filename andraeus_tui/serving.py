"""The app in a browser on this machine: textual-serve, bound to 127.0.0.1, on a page that loads nothing from elsewhere.

The port cannot be reached from another machine. Others who can log in to this one reach it too, so the address that is
printed holds a random token: who opens it gets a cookie, and who has neither gets nothing.
"""

import asyncio
import hmac
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from andraeus_tui.project import Project
from schemas.errors import AndraeusError, ExitCode

HOST = "127.0.0.1"
_STOP_SECONDS = 2.0
"""How long open pages and the apps behind them get to end."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serve(folder: Path | None, port: int) -> int:
    """Serve until Ctrl-C, then end what was started. Raises AndraeusError when the port is taken."""
    project = Project(folder).folder if folder else None
    server = _Server(_command(project), port)
    try:
        web.run_app(server.application(), host=HOST, port=port, print=server.announce, shutdown_timeout=_STOP_SECONDS)
    except OSError as error:
        raise AndraeusError(f"Port {port} cannot be used: {error.strerror}.", "Try another: --port NUMBER.") from error
    return ExitCode.DONE


def _command(project: Path | None) -> str:
    """What a browser window runs. `exec`: no shell stays between the server and the app."""
    return "exec " + shlex.join([sys.executable, "-P", "-m", "andraeus_tui.ui", *([str(project)] if project else [])])


class _Server(Server):
    """textual-serve with a guarded front door, and quiet: its log would hold local variables, which are facts."""

    def __init__(self, command: str, port: int) -> None:
        pages = Path(__file__).parent / "web"
        super().__init__(command, HOST, port, title="Andraeus", templates_path=pages)
        self._apps = set[AppService]()
        self._token = secrets.token_urlsafe(32)
        # Cookies know no ports: each server has its own, and another server of this machine is not given it by name.
        self._cookie = f"andraeus-{port}"

    async def application(self) -> web.Application:
        """The web application."""
        application = await self._make_app()
        application.middlewares.append(self._guard)
        return application

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: AppService) -> None:
        self._apps.add(app_service)
        try:
            await super()._process_messages(websocket, app_service)
        finally:
            self._apps.discard(app_service)

    async def on_shutdown(self, app: web.Application) -> None:
        """Apps whose page is still open are asked to end, and ended. A training that was let go on is not their child."""
        stops = [asyncio.create_task(service.stop()) for service in self._apps]
        if not stops:
            return
        _, waiting = await asyncio.wait(stops, timeout=_STOP_SECONDS)
        if waiting:
            for child in psutil.Process().children():
                child.kill()
            await asyncio.wait(waiting, timeout=_STOP_SECONDS)

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is printed before the port is ours."""

    def announce(self, *_: object) -> None:
        """Tell where the page is, once it is there."""
        print(f"Andraeus is at {self.public_url}/?token={self._token} on this machine. Ctrl-C ends it.", flush=True)

    def _is_ours(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(errors="replace"), self._token.encode())

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Who has no token, pages of other sites, and names that were made to point here get nothing of the app."""
        if request.host == f"localhost:{self.port}":
            raise web.HTTPFound(f"{self.public_url}{request.path_qs}")
        if request.host != f"{HOST}:{self.port}" or request.headers.get("Origin", self.public_url) != self.public_url:
            raise web.HTTPForbidden(text="Only pages of this server may do that.")
        if self._is_ours(request.query.get("token", "")):
            # The token leaves the address, so that it stands in no history and no bookmark.
            welcome = web.HTTPFound(self.public_url)
            welcome.set_cookie(self._cookie, self._token, httponly=True, samesite="Strict")
            raise welcome
        if not self._is_ours(request.cookies.get(self._cookie, "")):
            raise web.HTTPForbidden(text="Open the address that andraeus-tui --serve printed, with its token.")
        response = await handler(request)
        if not response.prepared:
            # The browser, too, refuses to load anything from elsewhere.
            response.headers["Content-Security-Policy"] = (
                f"default-src 'self'; connect-src 'self' ws://{HOST}:{self.port}; img-src 'self' data:; "
                "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
            )
            response.headers["Referrer-Policy"] = "no-referrer"
        return response
