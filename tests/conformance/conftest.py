"""The two sides of OpenID4VP as fixtures."""

from tests.conformance.fixtures import *  # noqa: F403
