"""Import pictures by URL, from ImageNet's own kind of list: ``name<TAB>url`` lines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.candidates.ingest import (
    MAX_FILE_BYTES,
    Fingerprint,
    Found,
    ImportReport,
    Measured,
    ingest,
    measure,
)
from synsetlab.candidates.mapping import WNID
from synsetlab.candidates.synsets import add_synsets
from synsetlab.errors import InputError
from synsetlab.store.storable import is_storable, path_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import httpx

    from synsetlab.store.workspace import Workspace
    from synsetlab.taxonomy import Taxonomy

__all__ = ["import_found_urls", "import_urls", "read_url_list"]

FETCHERS = 8
TIMEOUT_SECONDS = 30.0
USER_AGENT = "synsetlab (image dataset curation)"


def import_urls(
    workspace: Workspace,
    file: str | Path,
    *,
    fingerprint: Fingerprint | None = None,
    taxonomy: Taxonomy | None = None,
    progress: Any = None,
) -> ImportReport:
    """Fetch the pictures of a URL list; the wnid is the beginning of each name (``n02084071_137``).

    Lines that cannot be read and URLs that do not answer are listed with their reason. A URL that
    is in the workspace already is not fetched again.

    Raises
    ------
    InputError
        The file cannot be read or holds no lines.
    UnknownSynsetError
        A name begins with a wnid that is not in WordNet 3.0.
    """
    found, bad = read_url_list(file)
    return import_found_urls(
        workspace,
        "urls",
        str(file),
        found,
        bad,
        fingerprint=fingerprint,
        taxonomy=taxonomy,
        progress=progress,
    )


def read_url_list(file: str | Path) -> tuple[list[Found], list[tuple[Found, Measured]]]:
    """Lines as things to fetch, and those that are none with the reason.

    The published lists mix UTF-8 and Latin-1, and some URLs hold tabs: only the first tab divides.
    """
    try:
        raw = Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
    found: list[Found] = []
    bad: list[tuple[Found, Measured]] = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        text = _decode(line).strip()
        if not text:
            continue
        name, tab, url = text.partition("\t")
        wnid = WNID.match(name)
        whole = url.strip().lower().startswith(("http://", "https://")) and is_storable(text)
        if not tab or wnid is None or not whole:
            thing = Found(path_text(f"{Path(file).name}:{number}"), "")
            bad.append(
                (
                    thing,
                    Measured(
                        None, "bad-line", f"Expected n########_#<TAB>http(s)://..., found {text[:120]!r}."
                    ),
                )
            )
            continue
        found.append(Found(url.strip(), wnid.group(), None, {"name": name}))
    if not found and not bad:
        raise InputError(f"{file} holds no lines.", "Expected lines: n02084071_137<TAB>https://...")
    return found, bad


def import_found_urls(
    workspace: Workspace,
    kind: str,
    argument: str,
    found: Sequence[Found],
    bad: Sequence[tuple[Found, Measured]] = (),
    *,
    fingerprint: Fingerprint | None,
    taxonomy: Taxonomy | None = None,
    progress: Any = None,
) -> ImportReport:
    """Fetch and import `found`; `bad` are listed as failures with their reasons."""
    if found:
        add_synsets(workspace, sorted({thing.wnid for thing in found}), taxonomy)
    sources = workspace.reader.candidates()
    known = set(zip(sources["origin"], sources["wnid"], strict=True))
    wanted = [thing for thing in found if (thing.origin, thing.wnid) not in known]
    report = ingest(workspace, kind, argument, _fetched(workspace, wanted, bad, fingerprint, progress))
    report.found += len(found) - len(wanted)
    report.known += len(found) - len(wanted)
    return report


def _fetched(
    workspace: Workspace,
    wanted: Sequence[Found],
    bad: Sequence[tuple[Found, Measured]],
    fingerprint: Fingerprint | None,
    progress: Any,
) -> Iterator[tuple[Found, Measured]]:
    import httpx  # noqa: PLC0415 - only this importer goes out

    yield from bad
    headers = {"User-Agent": USER_AGENT}
    with (
        httpx.Client(
            follow_redirects=True, max_redirects=5, timeout=TIMEOUT_SECONDS, headers=headers
        ) as client,
        ThreadPoolExecutor(FETCHERS) as pool,
    ):

        def work(thing: Found) -> Measured:
            fetched = _fetch(client, thing.origin)
            return (
                fetched if isinstance(fetched, Measured) else measure(fetched, workspace.blobs, fingerprint)
            )

        results = pool.map(work, wanted)
        if progress is not None:
            results = progress(results, total=len(wanted), desc="fetch")
        yield from zip(wanted, results, strict=True)


def _fetch(client: httpx.Client, url: str) -> bytes | Measured:
    import httpx  # noqa: PLC0415 - as above

    parts: list[bytes] = []
    size = 0
    try:
        with client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                return Measured(None, f"http-{response.status_code}", response.reason_phrase)
            for part in response.iter_bytes():
                size += len(part)
                if size > MAX_FILE_BYTES:
                    return Measured(None, "too-large", f"over {MAX_FILE_BYTES:,} bytes")
                parts.append(part)
    except httpx.TimeoutException as error:
        return Measured(None, "timeout", f"{type(error).__name__}: {error}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Measured(None, "unreachable", f"{type(error).__name__}: {error}")
    return b"".join(parts)


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
