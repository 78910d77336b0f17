"""The context of one run: common options, output, the clock and the wallet."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

from ipse.cli import tty
from ipse.cli.output import Output, printable
from ipse.errors import DataError, NotFound, PassphraseNeeded, StorageError

if TYPE_CHECKING:
    import typer

    from ipse.errors import IpseError
    from ipse.preferences.embedding import Embedder
    from ipse.wallet.directory import Manifest, Places
    from ipse.wallet.wallet import Wallet

__all__ = ["Context", "context_of"]

_MAX_PASSPHRASE: Final = 4096


class Context:
    """The common options of a run, and what depends on them: output, passphrases, the wallet."""

    def __init__(self) -> None:
        self.output = Output()
        self.no_input = False
        self.debug = False
        self.passphrase_file: str | None = None
        self.passphrase_fd: int | None = None
        self.when_interrupted = "nothing is left half done; run it again"
        """The hint of the error when the command is interrupted; a few commands keep their progress."""

        self._manifest: Manifest | None = None
        self._preparing: Thread | None = None

    @property
    def now(self) -> datetime:
        """The current time, UTC."""
        return datetime.now(UTC)

    @property
    def places(self) -> Places:
        """The folders of the wallet."""
        from ipse.wallet.directory import find_places

        return find_places()

    @property
    def known_names(self) -> dict[str, str]:
        """The names of the owner's DIDs, by DID; empty if there is no wallet. Needs no passphrase."""
        places = self.places
        if self._manifest is None and places.manifest.exists():
            from ipse.wallet import directory

            with suppress(NotFound, DataError):
                self._manifest = directory.read(places)
        return {record.did: record.name for record in self._manifest.dids} if self._manifest else {}

    @property
    def can_ask(self) -> bool:
        """Whether a person is at the terminal and --no-input is not given."""
        return not self.no_input and tty.present()

    @contextmanager
    def wallet(
        self, *, embeds: bool = False, doubt: Callable[[IpseError], object] | None = None
    ) -> Iterator[Wallet]:
        """Open the wallet. Raises NotFound if there is none.

        With `embeds`, the embedder is loaded while the passphrase becomes a key. With `doubt`, a vault that
        is not the one that the keystore remembers can be read, and `doubt` is told the error.
        """
        from ipse.wallet.wallet import Wallet

        known: list[bytes] = []

        def passphrase() -> bytes:
            if not known:
                known.append(self.passphrase())
            if embeds:
                self._prepare()
            return known[0]

        try:
            with Wallet(self.places, passphrase, doubt=doubt) as wallet:
                self._manifest = wallet.manifest
                if embeds and wallet.manifest.keystore == "os":
                    self._prepare()
                elif embeds and self.passphrase_is_given:
                    with suppress(PassphraseNeeded):  # an unlocked wallet needs none
                        passphrase()
                yield wallet
        finally:
            self._prepared()

    def warn(self, error: IpseError) -> None:
        """Tell an error that does not keep the command from showing what is there."""
        self.output.message(f"warning: {printable(error.message)}; {printable(error.hint)}")

    def embedder(self, wallet: Wallet) -> Embedder:
        """Load the embedding model, any but the default compiled first. Raises MissingFeature, NotFound."""
        _ = wallet.vault  # opened first: the embedder is prepared meanwhile
        from ipse.wallet.profile import models, ranking  # noqa: F401 - what comes next, while there is time

        self._prepared()
        return models.open_embedder(wallet, progress=self.stage)

    def stage(self, stage: str) -> None:
        """Report a stage of preparing the embedding model."""
        self.output.message(f"preparing the embedding model: {stage}")

    def _prepare(self) -> None:
        """Load the embedder in a thread, never before a prompt: loading silences stderr for a moment."""
        if self._preparing is None:
            self._preparing = Thread(target=_prepare_embedder)
            self._preparing.start()

    def _prepared(self) -> None:
        """Wait for the loading thread, so that stderr works again and the thread ends before the command."""
        if self._preparing is not None:
            self._preparing.join()
            self._preparing = None

    def passphrase(self) -> bytes:
        """Return the passphrase of the keystore. Raises PassphraseNeeded, StorageError."""
        given = self._given_passphrase()
        return given if given is not None else self.secret("the keystore", None)

    def new_passphrase(self) -> bytes:
        """Return a passphrase for a new keystore, typed twice. Raises PassphraseNeeded, StorageError."""
        given = self._given_passphrase()
        return self._not_weak(given) if given is not None else self.new_secret("the keystore", None)

    def secret(self, of: str, file: str | None, *, option: str = "") -> bytes:
        """Return a passphrase read from `file`, or ask for it.

        `option` is the one that gives the file. Raises PassphraseNeeded.
        """
        if file is not None:
            return _checked(self._from_file(Path(file)))
        self._require_terminal(of, option)
        return _checked(tty.ask_secret(f"passphrase of {of}: ").encode())

    def new_secret(self, of: str, file: str | None, *, option: str = "", offers: bool = False) -> bytes:
        """Return a new passphrase read from `file`, typed twice, or generated and typed.

        A weak one is warned of, and a generated one offered where somebody is at the terminal; with `offers`
        from the start. `option` is the one that gives the file. Raises PassphraseNeeded.
        """
        if file is not None:
            return self._not_weak(_checked(self._from_file(Path(file))))
        self._require_terminal(of, option)
        offer = " (return for a generated one)" if offers else ""
        typed = tty.ask_secret(f"new passphrase for {of}{offer}: ").encode()
        if offers and not typed:
            return self._generated(of)
        first = _checked(typed)
        again = "the same again: "
        if weak := _weakness(first):
            self.output.page(weak)
            again = "the same again to keep it, or return for a generated one: "
        second = tty.ask_secret(again).encode()
        if weak and not second:
            return self._generated(of)
        if second != first:
            raise PassphraseNeeded("the two passphrases differ", hint="run the command again")
        return first

    def _generated(self, of: str) -> bytes:
        """Show a generated passphrase and have it typed. Raises PassphraseNeeded."""
        from ipse.keys import passphrases

        made = passphrases.generate()
        self.output.page(f"write it down, it is shown once: {made}")
        if tty.ask_secret(f"type it, the new passphrase for {of}: ").strip() != made:
            raise PassphraseNeeded("what was typed is not it", hint="run the command again")
        return made.encode()

    def _not_weak(self, passphrase: bytes) -> bytes:
        """Return a new passphrase that nobody typed, with a warning on stderr where it is weak."""
        if weak := _weakness(passphrase):
            self.output.message(weak)
        return passphrase

    @property
    def passphrase_is_given(self) -> bool:
        """Whether the passphrase comes from a file or a descriptor, not from a person."""
        named = self.passphrase_file or os.environ.get("IPSE_PASSPHRASE_FILE")
        return bool(named) or self.passphrase_fd is not None

    def _given_passphrase(self) -> bytes | None:
        if self.passphrase_fd is not None:
            return _checked(_from_descriptor(self.passphrase_fd))
        path = self.passphrase_file or os.environ.get("IPSE_PASSPHRASE_FILE")
        return _checked(self._from_file(Path(path))) if path else None

    def _from_file(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                data = file.read(_MAX_PASSPHRASE + 1)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise PassphraseNeeded(f"can't read the passphrase file {path}: {reason}") from error
        if os.name != "nt" and stat.S_ISREG(mode) and mode & 0o077:
            self.output.message(f"warning: others can read the passphrase file {path}; `chmod 600` it")
        return data

    def _require_terminal(self, of: str, option: str) -> None:
        if not self.can_ask:
            raise PassphraseNeeded(
                f"{of} needs its passphrase, and there is no terminal to ask for it",
                hint=f"give the file that it is in: {option} FILE" if option else "",
            )


def _weakness(passphrase: bytes) -> str:
    """Return the warning about a passphrase that can be guessed, empty for any other."""
    from ipse.keys import passphrases

    found = passphrases.guesses(passphrase)
    if found >= passphrases.ENOUGH:
        return ""
    return (
        f"warning: this passphrase is weak: about 10^{found:.0f} guesses find it, "
        f"and fewer than 10^{passphrases.ENOUGH} are too few"
    )


def _prepare_embedder() -> None:
    from ipse.preferences.embedding.shipped_model import prepare

    with suppress(Exception):  # what fails here fails again where it is needed, and is told there
        prepare()


def context_of(ctx: typer.Context) -> Context:
    """Return the context that a command runs in."""
    context = ctx.find_root().obj
    assert isinstance(context, Context)
    return context


def _from_descriptor(descriptor: int) -> bytes:
    try:
        with os.fdopen(descriptor, "rb") as file:
            return file.read(_MAX_PASSPHRASE + 1)
    except OSError as error:
        raise StorageError(
            f"can't read the passphrase from descriptor {descriptor}",
            hint="open it in the shell: --passphrase-fd 3 3<FILE",
        ) from error


def _checked(passphrase: bytes) -> bytes:
    """Strip the line end. Raises PassphraseNeeded if nothing is left or too much."""
    passphrase = passphrase.removesuffix(b"\n").removesuffix(b"\r")
    if not passphrase:
        raise PassphraseNeeded("the passphrase is empty")
    if len(passphrase) > _MAX_PASSPHRASE:
        raise PassphraseNeeded(
            f"the passphrase is longer than {_MAX_PASSPHRASE} bytes", hint="is it the right file?"
        )
    return passphrase
