"""A headless Chromium that is driven by its DevTools protocol, over a pair of pipes.

    with Browser(folder) as browser:
        page = browser.open(url)
        page.evaluate("document.title")
"""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

CHROMIUM = shutil.which("chromium", path="/usr/bin")
WAIT = 60  # seconds after which a browser that says nothing has failed
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]


# Put two descriptors where they belong, and become the rest of the arguments: what preexec_fn is
# for, which is not for a process that has threads.
PLACE = """
import fcntl, os, sys
for fd, place in [(fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10), 3 + i)
                  for i, fd in enumerate(sys.argv[1:3])]:
    os.dup2(fd, place)
    os.close(fd)
os.execv(sys.argv[3], sys.argv[3:])
"""


def environment(folder):
    """Where Chromium keeps what it remembers."""
    return {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder)}


class Browser:
    """Chromium in a process of its own. Messages are JSON with a NUL behind them; it reads them
    from descriptor 3 and writes them to 4."""

    def __init__(self, folder):
        self.folder = folder
        self.number = 0
        self.buffer = b""
        self.events = []

    def __enter__(self):
        reads, self.writer = os.pipe()
        self.reader, writes = os.pipe()
        command = [sys.executable, "-c", PLACE, str(reads), str(writes), CHROMIUM, *FLAGS,
                   "--remote-debugging-pipe", "--user-data-dir=%s" % (self.folder / "profile"),
                   "about:blank"]
        self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, pass_fds=(reads, writes),
                                      env=environment(self.folder), start_new_session=True)
        os.close(reads)
        os.close(writes)
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
            self.popen.wait(WAIT)
        except (OSError, AssertionError, subprocess.TimeoutExpired):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait(WAIT)
        os.close(self.reader)
        os.close(self.writer)

    def receive(self, deadline):
        """The next message."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.reader], [], [], left)[0], "Chromium is silent"
            piece = os.read(self.reader, 1 << 20)
            assert piece, "Chromium has gone"
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **params):
        """Call a method: its result. Events that come first are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + WAIT
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer["error"]
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method, session):
        """The parameters of the next event of that name, which is taken."""
        deadline = time.monotonic() + WAIT
        while True:
            for i, event in enumerate(self.events):
                if event.get("method") == method and event.get("sessionId") == session:
                    return self.events.pop(i)["params"]
            self.events.append(self.receive(deadline))

    def open(self, url, **metrics):
        """A tab that shows a URL, once it is loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Audits", "DOM"):
            page.call(domain + ".enable")
        if metrics:
            page.call("Emulation.setDeviceMetricsOverride",
                      **{"deviceScaleFactor": 1, "mobile": True, **metrics})
        page.go(url)
        return page


class Page:
    """One tab."""

    def __init__(self, browser, session):
        self.browser = browser
        self.session = session

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def go(self, url):
        self.leave(lambda: self.call("Page.navigate", url=url))

    def leave(self, act):
        """Do what leads to another page, and wait until that is loaded."""
        self.browser.events = [e for e in self.browser.events
                               if e.get("method") != "Page.loadEventFired"]
        act()
        self.browser.wait_for("Page.loadEventFired", self.session)

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           userGesture=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector):
        """Click a link or button, and wait for where it leads."""
        self.leave(lambda: self.evaluate("document.querySelector(%s).click()"
                                         % json.dumps(selector)))

    def choose(self, selector, *paths):
        """Choose files, as a person does in the dialogue."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def prefer(self, scheme):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self):
        """What it looks like: a PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def complaints(self):
        """What it has said on the console, and which issues (of policies, say) there are."""
        self.evaluate("0")  # what has happened before is told before the answer
        kinds = ("Log.entryAdded", "Audits.issueAdded", "Runtime.exceptionThrown",
                 "Runtime.consoleAPICalled", "Page.javascriptDialogOpening")
        return [e for e in self.browser.events if e.get("sessionId") == self.session
                and e.get("method") in kinds]
