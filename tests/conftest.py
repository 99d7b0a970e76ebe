"""What the tests share: real parts (photographs, WordNet, Chromium, PostgreSQL), or a named reason to skip.

Where CI is set, a skip for a missing real part is a failure: a green run there has run everything.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from synsetlab import doctor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from synsetlab.simulate.workspace import BuiltDemo

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}
MARKER_OF_FIXTURE = {
    "shared_data": "real_data",
    "wordnet": "wordnet",
    "chromium": "browser",
    "browser": "browser",
    "page": "browser",
    "postgres_server": "postgres",
    "postgres": "postgres",
}
MUST_RUN_IN_CI = {"real_data", "wordnet", "browser", "postgres"}
NAMED_PARTS = ("chromium", "postgresql", "wordnet", "node.js", "shared")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FOREIGN_SETTINGS = ("SYNSETLAB_WORKSPACE", "SYNSETLAB_DATABASE", "SYNSETLAB_ANNOTATOR", "PYTHONWARNINGS")

# The machines that run these tests are shared: a slow moment there is no finding.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if IN_CI else "here")


# ---- the run itself


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--database postgresql``: workspaces of which a test names no database are on PostgreSQL."""
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="The database of workspaces whose test names none; with postgresql each gets a server's own.",
    )


def pytest_report_header() -> list[str]:
    """The versions that a failure may depend on."""
    postgres, node = doctor.find_postgres(), doctor.find_node()
    programs = {
        "Chromium": doctor.find_browser(),
        "PostgreSQL": postgres / "postgres" if postgres else None,
        "Node.js": node,
    }
    found = [
        f"{name} {doctor.version_of(program) if program else 'absent'}" for name, program in programs.items()
    ]
    return [
        f"SQLite {sqlite3.sqlite_version}, {', '.join(found)}",
        f"WordNet 3.0: {wordnet_folder() or 'absent'}",
    ]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test by the real parts that it asks for; at once, so that ``-m`` chooses by them."""
    for fixture in getattr(item, "fixturenames", ()):
        if marker := MARKER_OF_FIXTURE.get(fixture):
            item.add_marker(marker)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other database's tests, put the browser's last.

    Playwright's synchronous interface keeps an event loop running in this thread once it has been
    started, so that ``asyncio.run`` fails afterwards.
    """
    if config.getoption("--database") != "sqlite":
        left_out = [item for item in items if item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("sqlite")]
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI, call a test failed that was skipped for a missing real part."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = _reason(report)
        markers = {marker.name for marker in item.iter_markers()}
        if markers & MUST_RUN_IN_CI or any(part in reason.lower() for part in NAMED_PARTS):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}\nskipped, which CI does not allow: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a whole file that was skipped."""
    report = yield
    if IN_CI and report.skipped and any(part in _reason(report).lower() for part in NAMED_PARTS):
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid}\nskipped, which CI does not allow: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once for each reason how many tests did not run."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        terminalreporter.section("not run here")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5d}  {reason}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


# ---- a clean environment


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No workspace, database server or Jupyter configuration of this machine reaches a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*FOREIGN_SETTINGS, *(name for name in os.environ if name.startswith("PG"))]:
            patch.delenv(name, raising=False)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "SYNSETLAB_CONFIG"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture(autouse=True)
def forgotten_preferences() -> Iterator[None]:
    """How one test's user likes to work is nothing to the next."""
    kept = Path(os.environ["SYNSETLAB_CONFIG"])
    yield
    for file in kept.glob("*.json"):
        file.unlink()


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """For temporary files of processes that are started or killed; their sockets' paths must be short."""
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


# ---- real data


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Photographs, votes and predictions: ``../shared/data`` beside the repository, or $SYNSETLAB_SHARED."""
    folder = Path(os.environ.get("SYNSETLAB_SHARED") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no shared data: {folder} does not exist (see $SYNSETLAB_SHARED)")
    return folder


@pytest.fixture(scope="session")
def wordnet() -> Path:
    """The folder of the installed WordNet 3.0; `synsetlab.taxonomy.load` works."""
    folder = wordnet_folder()
    if folder is None:
        pytest.skip("WordNet 3.0 is not installed: synsetlab wordnet install")
    return folder


@pytest.fixture(scope="session")
def demo_images() -> int:
    """How many pictures the demo workspace of the tests is drawn with."""
    return 192


@pytest.fixture(scope="session")
def built_demo(tmp_path_factory: pytest.TempPathFactory, wordnet: Path, demo_images: int) -> BuiltDemo:
    """A demo workspace for all tests of the session, and what building it counted."""
    from synsetlab.simulate.workspace import build_demo

    return build_demo(tmp_path_factory.mktemp("shared") / "demo", images=demo_images)


@pytest.fixture(scope="session")
def demo(built_demo: BuiltDemo) -> Path:
    """Its folder. Drawing it takes long, and everybody looks at it: copy it before you write."""
    return built_demo.folder


def wordnet_folder() -> Path | None:
    from synsetlab.taxonomy.install import status

    found = status()
    return Path(found.path) if found.installed else None


# ---- a real browser


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The Chromium or Chrome of this machine."""
    found = doctor.find_browser()
    if found is None:
        pytest.skip("no Chromium or Chrome: apt-get install chromium, or set $SYNSETLAB_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """A running Chromium; make a context of your own in it for each visitor."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(chromium), args=CHROMIUM_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a visitor who was never here before."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


# ---- a real PostgreSQL


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Folder of the socket of a PostgreSQL server of our own; nothing listens on the network."""
    programs = doctor.find_postgres()
    if programs is None:
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    # Not pytest's own folder: the server's user must be able to enter it, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="synsetlab-pg-"))
    as_user = _unprivileged(folder)
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        if done.returncode:
            log = folder / "log"
            pytest.fail(f"{program}: {done.stdout}{done.stderr}{log.read_text() if log.exists() else ''}")

    try:
        call(
            "initdb",
            "-D",
            str(data),
            "-U",
            "synsetlab",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        call("pg_ctl", "start", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", options)
        yield str(folder)
        call("pg_ctl", "stop", "-w", "-D", str(data), "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_numbers = itertools.count(1)


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Each call makes an empty database and gives its URL; they go when the test ends."""
    import psycopg
    from psycopg import sql

    made: list[str] = []
    with psycopg.connect(host=postgres_server, user="synsetlab", dbname="postgres", autocommit=True) as admin:

        def make() -> str:
            name = f"test_{os.getpid()}_{next(_numbers)}"
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            made.append(name)
            return f"postgresql+psycopg://synsetlab@/{name}?host={postgres_server}"

        yield make
        for name in made:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session", autouse=True)
def chosen_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """With ``--database postgresql``: `Workspace.create` makes a database there instead of SQLite."""
    if request.config.getoption("--database") != "postgresql":
        yield
        return
    import psycopg
    from psycopg import sql

    from synsetlab.store import workspace

    server: str = request.getfixturevalue("postgres_server")
    create = workspace.Workspace.create.__func__
    with (
        psycopg.connect(host=server, user="synsetlab", dbname="postgres", autocommit=True) as admin,
        pytest.MonkeyPatch.context() as patch,
    ):

        def make(template: str = "template1") -> str:
            name = f"chosen_{os.getpid()}_{next(_numbers)}"
            # A database is copied only while nobody is connected to it; pools connect anew.
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template]
            )
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
            return name

        def create_there(cls: type, folder: str, *, database: str | None = None, **options: str) -> object:
            if database is None and "SYNSETLAB_DATABASE" not in os.environ:
                database = f"postgresql+psycopg://synsetlab@/{make()}?host={server}"
            return create(cls, folder, database=database, **options)

        def copy_there(source: str, target: str, *arguments: object, **options: object) -> object:
            """A workspace that is copied as a folder gets a copy of its database."""
            copied = copytree(source, target, *arguments, **options)
            for file in [Path(target, "synsetlab.toml"), *Path(target).glob("*/synsetlab.toml")]:
                if file.is_file() and (found := re.search(r"@/(chosen_\d+_\d+)", text := file.read_text())):
                    file.write_text(text.replace(found[1], make(found[1])))
            return copied

        copytree = shutil.copytree
        patch.setattr(shutil, "copytree", copy_there)
        patch.setattr(workspace.Workspace, "create", classmethod(create_there))
        yield


def _unprivileged(folder: Path) -> list[str]:
    """How to start a program as someone else than root, whom PostgreSQL refuses; hands over `folder`."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return []
    import pwd

    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
