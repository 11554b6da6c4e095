"""Chromium without a window, driven by real key presses through its DevTools protocol.

Only the standard library: the protocol goes over two pipes (`--remote-debugging-pipe`).
"""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

_FLAGS: Final = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--hide-scrollbars", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe"),
    *("--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"),
)
_CODES: Final = {
    **{
        letter: (f"Key{letter.upper()}", ord(letter.upper()))
        for letter in "abcdefghijklmnopqrstuvwxyz"
    },
    **{digit: (f"Digit{digit}", ord(digit)) for digit in "0123456789"},
    "ArrowLeft": ("ArrowLeft", 37),
    "ArrowUp": ("ArrowUp", 38),
    "ArrowRight": ("ArrowRight", 39),
    "ArrowDown": ("ArrowDown", 40),
    "PageUp": ("PageUp", 33),
    "PageDown": ("PageDown", 34),
    "End": ("End", 35),
    "Home": ("Home", 36),
    "Enter": ("Enter", 13),
    "Escape": ("Escape", 27),
    "Tab": ("Tab", 9),
    "Delete": ("Delete", 46),
    "Backspace": ("Backspace", 8),
    " ": ("Space", 32),
    "?": ("Slash", 191),
}


class Browser:
    """One Chromium; its tabs share cookies and storage."""

    def __init__(self, home: Path) -> None:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        if found is None:
            pytest.skip("no chromium; Debian's package of that name has it")
        own = (*_FLAGS, f"--user-data-dir={home / 'profile'}", "about:blank")
        read, self._to = os.pipe()
        self._from, write = os.pipe()
        self._process = subprocess.Popen(
            # the browser's ends must be descriptors 3 and 4
            ["bash", "-c", f'exec "$@" 3<&{read} 4>&{write}', "bash", found, *own],
            pass_fds=(read, write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(home)},
            start_new_session=True,
        )
        os.close(read)
        os.close(write)
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **given: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        command: dict[str, Any] = {"id": self._number, "method": method, "params": given}
        if session is not None:
            command["sessionId"] = session
        os.write(self._to, json.dumps(command).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._number:
                assert "error" not in message, f"{method}: {message.get('error')}"
                result: dict[str, Any] = message["result"]
                return result
            if "method" in message:
                self.events.append(message)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            came = os.read(self._from, 1 << 20)
            assert came, "Chromium has ended"
            self._buffer += came
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def open(self, address: str, *, width: int = 1280, height: int = 800) -> "Tab":
        """Open a tab of that size, and wait until it is loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, target, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            tab.call(f"{domain}.enable")
        tab.resize(width, height)
        tab.go(address)
        return tab

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)


class Tab:
    """A page of the browser."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Send a command of this tab and return its result."""
        return self._browser.call(method, self._session, **given)

    def go(self, address: str) -> None:
        """Load a page."""
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def reload(self) -> None:
        """Load the page again."""
        self("globalThis.old = true")
        self.call("Page.reload")
        self.wait("!globalThis.old && document.readyState === 'complete'")

    def front(self) -> None:
        """Bring this tab to the front, where it gets the keys."""
        self.call("Page.bringToFront")

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Give the page another size, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )

    def prefer(self, **features: str) -> None:
        """Set media features, such as `color_scheme="dark"`."""
        wanted = [
            {"name": f"prefers-{name.replace('_', '-')}", "value": value}
            for name, value in features.items()
        ]
        self.call("Emulation.setEmulatedMedia", features=wanted)

    def __call__(self, expression: str) -> Any:
        """Return what JavaScript of the page says."""
        done = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, expression: str, seconds: float = 20) -> None:
        """Wait until an expression of JavaScript is true."""
        end = time.monotonic() + seconds
        while not self._holds(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.02)

    def _holds(self, expression: str) -> bool:
        try:
            return bool(self(f"Boolean({expression})"))
        except AssertionError as error:
            if "navigated" not in str(error):  # else it was asked while the page is replaced
                raise
            return False

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.hold(key, 0)

    def hold(self, key: str, repeats: int) -> None:
        """Press a key and hold it down, so that the keyboard repeats it."""
        code, number = _CODES[key]
        given = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        for nth in range(repeats + 1):
            self.call("Input.dispatchKeyEvent", type="keyDown", autoRepeat=nth > 0, **given, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def click(self, selector: str) -> None:
        """Click in the middle of an element."""
        place = self(
            f"(() => {{ const r = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="left",
                clickCount=1,
            )

    def nameless(self) -> list[str]:
        """Return the roles of controls and pictures that a screen reader has no name for."""
        wanted = {"button", "combobox", "textbox", "searchbox", "image", "listbox", "option"}
        wanted |= {"dialog", "link", "checkbox", "radio", "progressbar", "slider"}
        self.call("Accessibility.enable")
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            node["role"]["value"]
            for node in nodes
            if not node.get("ignored")
            and node.get("role", {}).get("value") in wanted
            and not node.get("name", {}).get("value", "").strip()
        ]

    def asked(self) -> list[str]:
        """Return the addresses that the page asked for, but those that hold their own data."""
        return [
            event["params"]["request"]["url"]
            for event in self._browser.events
            if event["method"] == "Network.requestWillBeSent"
            and event.get("sessionId") == self._session
            and not event["params"]["request"]["url"].startswith(("data:", "blob:"))
        ]

    def complaints(self) -> list[str]:
        """Return the errors that the page's console shows."""
        self("1")  # so that what came before has come
        texts = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                texts.append(json.dumps(event["params"]["exceptionDetails"]))
            entry = event["params"].get("entry", {})
            if event["method"] == "Log.entryAdded" and entry.get("level") == "error":
                texts.append(f"{entry['text']} {entry.get('url', '')}")
        return texts

    def shoot(self, file: Path) -> None:
        """Write a picture of what the screen shows."""
        found = self.call("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def chromium(home: Path) -> Iterator[Browser]:
    """Yield a browser that keeps everything in `home`; skip the test where there is none."""
    browser = Browser(home)
    try:
        yield browser
    finally:
        browser.close()
