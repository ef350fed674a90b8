"""Are the build's steps in a commit, as its source is? Its trigger says where they come from, and is read for it."""

from __future__ import annotations

from verifier.checks.commands import shown_trigger
from verifier.checks.policy import BuildConfig, Policy
from verifier.checks.verdict import Check, Finding, Outcome, recurring
from verifier.facts.build import Build
from verifier.facts.source import Commit, Source
from verifier.facts.trigger import InlineConfig, RepositoryConfig, Trigger, UnknownConfig, Unread
from verifier.times import show_minute

_CHECK = Check.BUILD_CONFIG_IS_COMMITTED
_COMMIT_IT = (
    "let the trigger read its steps from a file of the repository that it builds (gcloud builds triggers update: "
    "--build-config), and build again"
)


def build_config_is_committed(build: Build, source: Source, policy: Policy, trigger: Trigger | Unread) -> Finding:
    """Return whether the steps are a file of the source's own repository.

    Where policy does not require it, what was seen is evidence and nothing more: nothing fails.
    """
    if not isinstance(source, Commit):
        return recurring(_CHECK, Outcome.NOT_APPLICABLE, "no commit that its steps could be in")
    outcome, seen = _answer(build, source, trigger)
    if outcome is Outcome.HOLDS:
        return Finding(_CHECK, outcome, seen)
    if policy.build_config is not BuildConfig.REPOSITORY:
        return recurring(_CHECK, Outcome.NOT_APPLICABLE, seen)
    return Finding(_CHECK, outcome, seen, _COMMIT_IT if outcome is Outcome.FAILS else _remedy(build, trigger))


def _answer(build: Build, source: Commit, trigger: Trigger | Unread) -> tuple[Outcome, str]:
    if not build.trigger_id:
        return Outcome.FAILS, "submitted by hand: its steps are the submitter's, and in no commit"
    if isinstance(trigger, Unread):
        return Outcome.COULD_NOT_CHECK, f"where its trigger has its steps from is not known: {trigger.why}"
    moment = f", as the trigger was at {show_minute(trigger.read)}"
    match trigger.config:
        case InlineConfig():
            return Outcome.FAILS, f"its steps are in the trigger itself, and in no commit{moment}"
        case UnknownConfig():
            return Outcome.COULD_NOT_CHECK, f"the trigger does not say where its steps come from{moment}"
        case RepositoryConfig() as config:
            outcome, where = _in_repository(config, source)
            return outcome, f"its steps are {where}{moment}"


def _in_repository(config: RepositoryConfig, source: Commit) -> tuple[Outcome, str]:
    file = config.path or "the file that Cloud Build finds"
    if not config.repository:
        return Outcome.HOLDS, f"{file} of the commit"
    at = f" at {config.revision}" if config.revision else ""
    one, other = config.parsed, source.repository
    if one is None or other is None or bool(one.host) != bool(other.host) or one.is_proxy != other.is_proxy:
        return Outcome.COULD_NOT_CHECK, f"{file} of {config.repository}{at}, which can't be compared with its source"
    if one != other:
        return Outcome.FAILS, f"{file} of another repository, {one}{at}"
    return Outcome.HOLDS, f"{file} of its repository{at}"


def _remedy(build: Build, trigger: Trigger | Unread) -> str:
    if isinstance(trigger, Unread):
        return f"see that {shown_trigger(build.trigger_id)} can be read: it takes cloudbuild.builds.get"
    return f"look at {shown_trigger(build.trigger_id)} in Cloud Build; {_COMMIT_IT}"
