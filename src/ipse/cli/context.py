"""One run of the program: the options that every command takes, and the way to the wallet."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

from ipse.cli import tty
from ipse.cli.output import Output
from ipse.errors import PassphraseNeeded, StorageError

if TYPE_CHECKING:
    import typer

    from ipse.preferences.embedding import Embedder
    from ipse.wallet.directory import Places
    from ipse.wallet.wallet import Wallet

__all__ = ["Context", "context_of"]

_MAX_PASSPHRASE: Final = 4096


class Context:
    """What the common options said, and what commands need because of it."""

    def __init__(self) -> None:
        self.output = Output()
        self.no_input = False
        self.debug = False
        self.passphrase_file: str | None = None
        self.passphrase_fd: int | None = None
        self.when_interrupted = "nothing is left half done; run it again"
        """What an interrupted command says to do next; for the few that keep what they did."""

        self._preparing: Thread | None = None

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    @property
    def places(self) -> Places:
        """Where the wallet lies."""
        from ipse.wallet.directory import find_places

        return find_places()

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody to ask and asking is not forbidden."""
        return not self.no_input and tty.present()

    @contextmanager
    def wallet(self, *, embeds: bool = False) -> Iterator[Wallet]:
        """The wallet, open. Raises NotFound where there is none.

        With `embeds`, the embedder is loaded while the passphrase becomes a key.
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
            with Wallet(self.places, passphrase) as wallet:
                if embeds and wallet.manifest.keystore == "os":
                    self._prepare()
                elif embeds and self._is_given:
                    with suppress(PassphraseNeeded):  # an unlocked wallet needs none
                        passphrase()
                yield wallet
        finally:
            self._prepared()

    def embedder(self, wallet: Wallet) -> Embedder:
        """The wallet's embedding model, compiled first if need be. Raises MissingFeature, NotFound."""
        _ = wallet.vault  # opened first: the embedder is prepared meanwhile
        from ipse.wallet.profile import models, ranking  # noqa: F401 - what comes next, while there is time

        self._prepared()
        return models.open_embedder(wallet, progress=self.stage)

    def stage(self, stage: str) -> None:
        """Say what is done before the embedding model answers."""
        self.output.message(f"preparing the embedding model: {stage}")

    def _prepare(self) -> None:
        """Load the embedder in a thread. Not while somebody may be asked: it silences stderr for a moment."""
        if self._preparing is None:
            self._preparing = Thread(target=_prepare_embedder, args=[self.places.models])
            self._preparing.start()

    def _prepared(self) -> None:
        """Wait for the thread that prepares: nothing is written to stderr before, and it outlives nothing."""
        if self._preparing is not None:
            self._preparing.join()
            self._preparing = None

    def passphrase(self) -> bytes:
        """The keystore's passphrase. Raises PassphraseNeeded, StorageError."""
        given = self._given_passphrase()
        return given if given is not None else self.secret("the keystore", None)

    def new_passphrase(self) -> bytes:
        """A passphrase for a new keystore, typed twice. Raises PassphraseNeeded, StorageError."""
        given = self._given_passphrase()
        return given if given is not None else self.new_secret("the keystore", None)

    def secret(self, of: str, file: str | None) -> bytes:
        """The passphrase of something, from a file or asked for. Raises PassphraseNeeded."""
        if file is not None:
            return _checked(self._from_file(Path(file)))
        self._require_terminal(of)
        return _checked(tty.ask_secret(f"passphrase of {of}: ").encode())

    def new_secret(self, of: str, file: str | None) -> bytes:
        """A passphrase for something new, from a file or typed twice. Raises PassphraseNeeded."""
        if file is not None:
            return _checked(self._from_file(Path(file)))
        self._require_terminal(of)
        first = _checked(tty.ask_secret(f"new passphrase for {of}: ").encode())
        if tty.ask_secret("the same again: ").encode() != first:
            raise PassphraseNeeded("the two passphrases differ", hint="run the command again")
        return first

    @property
    def _is_given(self) -> bool:
        """Whether the passphrase comes from somewhere else than a person."""
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

    def _require_terminal(self, of: str) -> None:
        if not self.can_ask:
            raise PassphraseNeeded(f"{of} needs its passphrase and there is no terminal to ask on")


def _prepare_embedder(models: Path) -> None:
    from ipse.preferences.embedding.runtime import prepare

    with suppress(Exception):  # what fails here fails again where it is needed, and is told there
        prepare(models)


def context_of(ctx: typer.Context) -> Context:
    """The context that a command runs in."""
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
    """Without the line's end. An empty one is a mistake, not a choice."""
    passphrase = passphrase.removesuffix(b"\n").removesuffix(b"\r")
    if not passphrase:
        raise PassphraseNeeded("the passphrase is empty")
    if len(passphrase) > _MAX_PASSPHRASE:
        raise PassphraseNeeded(
            f"the passphrase is longer than {_MAX_PASSPHRASE} bytes", hint="is it the right file?"
        )
    return passphrase
