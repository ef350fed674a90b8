"""What is told behind verdicts, an edit or a saying: one row a collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from traceback import format_exception

from verifier.controller.budget import Budget, Deployment
from verifier.controller.ledger import BUILDS
from verifier.controller.says import SAYINGS
from verifier.controller.slack.channel_queue import WaitsForSlack
from verifier.controller.slack.edits import make_edit
from verifier.controller.slack.sayings import post_saying
from verifier.controller.slack.told_afterwards import ToldAfterwards, troubled, unreached
from verifier.errors import Unavailable, VerifierError
from verifier.services import Stored

_TELLERS: Mapping[str, Callable[[str, Stored, Deployment, Budget], ToldAfterwards]] = {
    BUILDS: make_edit,
    SAYINGS: post_saying,
}


def tell_afterwards(item: WaitsForSlack, deployment: Deployment, budget: Budget) -> ToldAfterwards:
    """Make the edit, or say what is to be said. Never raises: whatever goes wrong, it stays in the queue."""
    try:
        return _TELLERS[item.collection](item.name, item.stored, deployment, budget)
    except Unavailable as error:
        return unreached(error)
    except VerifierError as error:
        return troubled(error)
    except Exception as error:  # noqa: BLE001 - a defect met in one must not keep all others waiting
        return troubled("".join(format_exception(error)).strip())
