"""The one place where services are made. Each adapter, and the library behind it, is loaded when it is first needed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from verifier import __version__
from verifier.config import FirestoreLedger, Settings, SqliteLedger

if TYPE_CHECKING:
    from verifier.adapters.billing import Billing
    from verifier.adapters.cloud_logging import CloudLogging
    from verifier.checks.policy import Policy
    from verifier.controller.budget import Deployment
    from verifier.services import (
        Announcer,
        Audit,
        Builds,
        Chat,
        Jobs,
        Logs,
        Store,
        Submitters,
        Triggers,
        Uploads,
        WorkTopic,
    )


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CloudServices:
    """Google Cloud and Slack, as settings name them."""

    settings: Settings
    clock: Callable[[], datetime] = _now
    pause: Callable[[float], object] = time.sleep
    tell: Callable[..., object] = lambda *_, **__: None
    """Takes a line for the log, and fields."""

    @cached_property
    def billing(self) -> Billing:
        """Who pays for what is read."""
        from verifier.adapters.billing import Billing

        settings = self.settings
        return Billing(settings.home_project, each_its_own=settings.bill_watched, clock=self.clock, tell=self.tell)

    @cached_property
    def store(self) -> Store:
        """Firestore, or the SQLite file of a local run."""
        match self.settings.ledger:
            case SqliteLedger(path):
                from verifier.adapters.sqlite import SqliteStore

                return SqliteStore(path)
            case FirestoreLedger(database):
                from verifier.adapters.firestore import FirestoreStore

                return FirestoreStore(self.settings.home_project, database)

    @cached_property
    def builds(self) -> Builds:
        """Cloud Build."""
        from verifier.adapters.cloud_build import CloudBuild

        return CloudBuild(self.settings.google_endpoint, self.billing)

    @cached_property
    def triggers(self) -> Triggers:
        """Cloud Build's triggers."""
        from verifier.adapters.triggers import CloudTriggers

        return CloudTriggers(self.clock, self.settings.google_endpoint, self.billing)

    @cached_property
    def jobs(self) -> Jobs:
        """Cloud Run."""
        from verifier.adapters.cloud_run import CloudRunJobs

        return CloudRunJobs(self.settings.google_endpoint, self.billing)

    @cached_property
    def _logging(self) -> CloudLogging:
        from verifier.adapters.cloud_logging import CloudLogging

        return CloudLogging(self.settings.home_project, self.settings.google_endpoint, self.billing)

    @property
    def logs(self) -> Logs:
        """Cloud Logging, reading."""
        return self._logging

    @property
    def audit(self) -> Audit:
        """Cloud Logging, writing."""
        return self._logging

    @cached_property
    def submitters(self) -> Submitters:
        """Cloud Audit Logs."""
        from verifier.adapters.submitters import CloudSubmitters

        return CloudSubmitters(self.settings.google_endpoint, self.billing)

    @cached_property
    def chat(self) -> Chat:
        """Slack, by bot token or by incoming webhook."""
        from verifier.adapters.slack import API_URL, SlackBot, SlackWebhook

        if self.settings.slack_webhook:
            return SlackWebhook(self.settings.slack_webhook)
        endpoint = self.settings.slack_endpoint or API_URL
        return SlackBot(self.settings.slack_token, self.settings.slack_channel, endpoint)

    @cached_property
    def announcer(self) -> Announcer | None:
        """The topic for verdicts, where one is configured."""
        if not self.settings.topic:
            return None
        from verifier.adapters.pubsub import VerdictTopic

        return VerdictTopic(self.settings.topic, self.settings.pubsub_emulator)

    @cached_property
    def work_topic(self) -> WorkTopic | None:
        """The topic for the function's own work, where one is configured."""
        if not self.settings.work_topic:
            return None
        from verifier.adapters.pubsub import OwnWorkTopic

        return OwnWorkTopic(self.settings.work_topic, self.settings.pubsub_emulator)

    @cached_property
    def uploads(self) -> Uploads | None:
        """Cloud Storage, where uploads are to be read."""
        if not self.settings.reads_uploads:
            return None
        from verifier.adapters.storage import CloudStorage

        return CloudStorage(self.settings.storage_emulator)


def make_deployment(
    settings: Settings,
    policy: Policy,
    clock: Callable[[], datetime] = _now,
    tell: Callable[..., object] = lambda *_, **__: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Deployment:
    """Return what every invocation works with. Connects to nothing yet.

    `tell` takes a line for the log, and fields; `stopping` says whether this process is asked to end.
    """
    from verifier.controller.budget import Deployment
    from verifier.controller.ledger import Ledger
    from verifier.controller.quota.held_calls import Api
    from verifier.controller.quota.metered import MeteredServices
    from verifier.controller.quota.quota import Quota

    services = CloudServices(settings, clock, tell=tell)
    limits = {Api.LOGGING: settings.logging_quota, Api.BUILDS: settings.build_quota}

    def payer(project: str) -> str:
        return services.billing.payer(project)

    quota = Quota(services, lambda api, project: limits[api].of(project), tell, stopping)
    metered = MeteredServices(services, quota, payer)
    lease = timedelta(seconds=settings.lease_seconds)
    ledger = Ledger(metered.store, clock, lease, lambda: secrets.token_hex(16))
    return Deployment(
        metered,
        policy,
        ledger,
        __version__,
        settings.slack_channel,
        settings.home_project,
        listings=metered.listings,
    )
