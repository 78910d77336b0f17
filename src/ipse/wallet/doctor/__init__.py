"""What `ipse doctor` looks at: the system, the wallet's folder, and behind the keystore its contents."""

from __future__ import annotations

from ipse.wallet.doctor.contents import contents, unopened
from ipse.wallet.doctor.finding import Finding, Outcome
from ipse.wallet.doctor.folder import folder
from ipse.wallet.doctor.system import system

__all__ = ["Finding", "Outcome", "contents", "folder", "system", "unopened"]
