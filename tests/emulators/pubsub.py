"""The real Pub/Sub emulator."""

from __future__ import annotations

from tests.emulators.process import Emulator

PUBSUB = Emulator(component="pubsub-emulator", script="pubsub-emulator/bin/cloud-pubsub-emulator")
